//! Sign-in, people, teams, keys, tenants, settings and saved searches.

import { queryOptions } from '@tanstack/react-query'
import { type Schemas, answer, api } from './client'

export type Session = Schemas['SessionView']
export type Membership = Schemas['SessionTenant']
export type Person = Schemas['Member']
export type Invitation = Schemas['Invitation']
export type Team = Schemas['Team']
export type Key = Schemas['Key']
export type Tenant = Schemas['TenantEntry']
export type SavedSearch = Schemas['SavedSearch']
export type TenantSettings = Schemas['TenantSettings']

/** What a role is made of, as `permissions` of a session's tenant lists it. */
export type Permission = 'events.read' | 'events.export' | 'log.read' | 'config.read' | 'config.manage' | 'people.manage' | 'tenants.manage'

/** The roles, the one that may most first. */
export const ROLES = ['owner', 'admin', 'auditor', 'viewer'] as const

/** What one person has chosen for these screens. The server keeps it and does not look into it. */
export interface Preferences {
  theme?: 'light' | 'dark' | 'auto'
  density?: 'dense' | 'roomy'
  columns?: string
  /** Widths of columns in pixels, as `who:200,entity:240`. */
  widths?: string
  zone?: string
  week_start?: 'monday' | 'sunday' | 'saturday'
}

/** What the server keeps for this person, as far as these screens know it. */
export function preferencesOf(kept: Session['preferences']): Preferences {
  const one = <T extends string>(name: string, known: readonly T[]) => known.find((value) => value === kept[name])
  const text = (name: string) => (typeof kept[name] === 'string' ? kept[name] : undefined)
  return {
    theme: one('theme', ['light', 'dark', 'auto']),
    density: one('density', ['dense', 'roomy']),
    columns: text('columns'),
    widths: text('widths'),
    zone: text('zone'),
    week_start: one('week_start', ['monday', 'sunday', 'saturday']),
  }
}

const at = (tenant: string) => ({ params: { query: { tenant } } })
const one = (tenant: string, id: string) => ({ params: { query: { tenant }, path: { id } } })

const named = (name: string) => ({ params: { path: { name } } })

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => answer(api.GET('/v1/session')),
  staleTime: 60_000,
  // Another tab may have chosen something.
  refetchOnWindowFocus: 'always',
  retry: false,
})

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => answer(api.GET('/v1/setup')),
  staleTime: Infinity,
  retry: false,
})

/** Who one is, and one's own account. */
export const identity = {
  setup: (body: Schemas['Setup']) => answer(api.POST('/v1/setup', { body })),
  signIn: (body: Schemas['SignIn']) => answer(api.POST('/v1/session', { body })),
  signInByLink: (token: string) => answer(api.POST('/v1/session/link', { body: { token } })),
  confirmPassword: (password: string) => answer(api.POST('/v1/session/reauthenticate', { body: { password } })),
  signOut: () => answer(api.DELETE('/v1/session')),
  lookAtInvitation: (token: string) => answer(api.POST('/v1/invitations/look', { body: { token } })),
  acceptInvitation: (body: Schemas['AcceptInvitation']) => answer(api.POST('/v1/invitations/accept', { body })),
  resetPassword: (body: Schemas['Reset']) => answer(api.POST('/v1/reset', { body })),
  changeMe: (body: Schemas['MeChange']) => answer(api.PATCH('/v1/me', { body })),
  changePassword: (body: Schemas['PasswordChange']) => answer(api.POST('/v1/me/password', { body })),
  endSession: (id: string) => answer(api.DELETE('/v1/me/sessions/{id}', { params: { path: { id } } })),
  endOtherSessions: () => answer(api.DELETE('/v1/me/sessions')),
  /** Changes some of what is kept; a choice that is not defined is taken back. */
  changePreferences: (part: Preferences) => answer(api.PATCH('/v1/me/preferences', { body: Object.fromEntries(Object.entries(part).map(([name, value]) => [name, value ?? null])) })),
}

/** What belongs to a tenant. */
export const managing = {
  invite: (tenant: string, body: Schemas['NewInvitation']) => answer(api.POST('/v1/invitations', { ...at(tenant), body })),
  uninvite: (tenant: string, id: string) => answer(api.DELETE('/v1/invitations/{id}', one(tenant, id))),
  changePerson: (tenant: string, id: string, body: Schemas['MemberChange']) => answer(api.PATCH('/v1/people/{id}', { ...one(tenant, id), body })),
  removePerson: (tenant: string, id: string) => answer(api.DELETE('/v1/people/{id}', one(tenant, id))),
  makeResetLink: (tenant: string, id: string) => answer(api.POST('/v1/people/{id}/reset', one(tenant, id))),
  signPersonOut: (tenant: string, id: string) => answer(api.POST('/v1/people/{id}/sign-out', one(tenant, id))),
  createTeam: (tenant: string, body: Schemas['TeamChange']) => answer(api.POST('/v1/teams', { ...at(tenant), body })),
  changeTeam: (tenant: string, id: string, body: Schemas['TeamChange']) => answer(api.PATCH('/v1/teams/{id}', { ...one(tenant, id), body })),
  deleteTeam: (tenant: string, id: string) => answer(api.DELETE('/v1/teams/{id}', one(tenant, id))),
  createKey: (tenant: string, body: Schemas['NewKey']) => answer(api.POST('/v1/keys', { ...at(tenant), body })),
  rotateKey: (tenant: string, id: string, body: Schemas['Rotate']) => answer(api.POST('/v1/keys/{id}/rotate', { ...one(tenant, id), body })),
  revokeKey: (tenant: string, id: string) => answer(api.DELETE('/v1/keys/{id}', one(tenant, id))),
  saveSettings: (tenant: string, body: TenantSettings) => answer(api.PUT('/v1/settings', { ...at(tenant), body })),
  saveSearch: (tenant: string, body: Schemas['SavedSearchChange']) => answer(api.POST('/v1/searches', { ...at(tenant), body })),
  changeSearch: (tenant: string, id: string, body: Schemas['SavedSearchChange']) => answer(api.PATCH('/v1/searches/{id}', { ...one(tenant, id), body })),
  deleteSearch: (tenant: string, id: string) => answer(api.DELETE('/v1/searches/{id}', one(tenant, id))),
  createTenant: (body: Schemas['NewTenant']) => answer(api.POST('/v1/tenants', { body })),
  renameTenant: (name: string, body: Schemas['TenantChange']) => answer(api.PATCH('/v1/tenants/{name}', { ...named(name), body })),
  suspendTenant: (name: string) => answer(api.POST('/v1/tenants/{name}/suspend', named(name))),
  resumeTenant: (name: string) => answer(api.POST('/v1/tenants/{name}/resume', named(name))),
  requestDeletion: (name: string) => answer(api.POST('/v1/tenants/{name}/deletion', named(name))),
  withdrawDeletion: (name: string) => answer(api.DELETE('/v1/tenants/{name}/deletion', named(name))),
  confirmDeletion: (name: string) => answer(api.POST('/v1/tenants/{name}/deletion/confirm', named(name))),
}

export const ownSessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: () => answer(api.GET('/v1/me/sessions')),
})

export const peopleQuery = (tenant: string) => queryOptions({ queryKey: [tenant, 'people'], queryFn: () => answer(api.GET('/v1/people', at(tenant))) })

export const teamsQuery = (tenant: string) => queryOptions({ queryKey: [tenant, 'teams'], queryFn: async () => (await answer(api.GET('/v1/teams', at(tenant)))).teams })

export const keysQuery = (tenant: string) => queryOptions({ queryKey: [tenant, 'keys'], queryFn: async () => (await answer(api.GET('/v1/keys', at(tenant)))).keys })

export const tenantsQuery = queryOptions({ queryKey: ['tenants'], queryFn: () => answer(api.GET('/v1/tenants')) })

export const searchesQuery = (tenant: string) =>
  queryOptions({ queryKey: [tenant, 'searches'], queryFn: async () => (await answer(api.GET('/v1/searches', at(tenant)))).searches, staleTime: 30_000 })

export const settingsQuery = (tenant: string) => queryOptions({ queryKey: [tenant, 'settings'], queryFn: () => answer(api.GET('/v1/settings', at(tenant))), staleTime: 60_000 })
