//! Sign-in, people, teams, keys, tenants, saved searches: what their routes take and answer.

import { queryOptions } from '@tanstack/react-query'
import { call } from './client'

export type Permission = 'events.read' | 'events.export' | 'log.read' | 'config.read' | 'config.manage' | 'people.manage' | 'tenants.manage'
export type Role = 'owner' | 'admin' | 'auditor' | 'viewer'
export const ROLES: Role[] = ['owner', 'admin', 'auditor', 'viewer']

export interface Membership {
  name: string
  organization: string
  role: Role
  role_until: string | null
  permissions: Permission[]
}

/** What one person has chosen for the screens; kept on the server. */
export interface Preferences {
  theme?: 'light' | 'dark' | 'auto'
  density?: 'dense' | 'roomy'
  columns?: string
  zone?: string
  week_start?: 'monday' | 'sunday' | 'saturday'
}

export interface Session {
  person: { id: string; name: string; email: string; time_zone: string | null }
  session: { id: string; created_at: string; expires_at: string; fresh_until: string | null }
  tenants: Membership[]
  preferences: Preferences
}

export interface Person {
  id: string
  name: string
  email: string
  role: Role
  role_until: string | null
  state: 'active' | 'disabled'
  last_seen_at: string | null
  teams: string[]
}

export interface Invitation {
  id: string
  email: string
  role: Role
  role_until: string | null
  created_at: string
  expires_at: string
  invited_by: string
}

export interface Team {
  id: string
  name: string
  members: string[]
  addresses: string[]
}

export interface Key {
  id: string
  name: string
  prefix: string
  scopes: string[]
  environment: string | null
  app: string | null
  created_at: string
  created_by: string | null
  expires_at: string | null
  revoked_at: string | null
  last_used_at: string | null
  last_used_from: string | null
  replaces: string | null
}

export interface Tenant {
  name: string
  organization: string
  state: string
  created_at: string
  deletion: null | { requested_by: string; requested_at: string }
}

export interface SavedSearch {
  id: string
  name: string
  query: string
  params: Record<string, string>
  shared: boolean
  owner: string
  created_at: string
}

export interface OwnSession {
  id: string
  created_at: string
  last_used_at: string | null
  address: string | null
  user_agent: string | null
  current: boolean
}

export interface InvitationLook {
  email: string
  tenant: string
  organization: string
  role: Role
  invited_by: string
  has_account: boolean
}

export interface TenantSettings {
  organization?: string
  pinned_entities?: string[]
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => call<Session>('GET', '/v1/session'),
  staleTime: 60_000,
  retry: false,
})

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => call<{ needed: boolean; version: string }>('GET', '/v1/setup'),
  staleTime: Infinity,
  retry: false,
})

export const identity = {
  setup: (body: { token: string; name: string; email: string; password: string; organization: string; time_zone: string }) => call<Session>('POST', '/v1/setup', { body }),
  signIn: (body: { email: string; password: string }) => call<Session>('POST', '/v1/session', { body }),
  signInByLink: (token: string) => call<Session>('POST', '/v1/session/link', { body: { token } }),
  confirmPassword: (password: string) => call<Session>('POST', '/v1/session/reauthenticate', { body: { password } }),
  signOut: () => call<void>('DELETE', '/v1/session'),
  lookAtInvitation: (token: string) => call<InvitationLook>('POST', '/v1/invitations/look', { body: { token } }),
  acceptInvitation: (body: { token: string; name?: string; password: string; time_zone?: string }) => call<Session>('POST', '/v1/invitations/accept', { body }),
  resetPassword: (body: { token: string; password: string }) => call<Session>('POST', '/v1/reset', { body }),
  changeMe: (body: { name?: string; time_zone?: string }) => call<unknown>('PATCH', '/v1/me', { body }),
  changePassword: (body: { current: string; new: string }) => call<unknown>('POST', '/v1/me/password', { body }),
  endSession: (id: string) => call<void>('DELETE', `/v1/me/sessions/${encodeURIComponent(id)}`),
  endOtherSessions: () => call<void>('DELETE', '/v1/me/sessions'),
  savePreferences: (body: Preferences) => call<unknown>('PUT', '/v1/me/preferences', { body }),
}

export const ownSessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: () => call<{ sessions: OwnSession[] }>('GET', '/v1/me/sessions'),
})

export const peopleQuery = (tenant: string) =>
  queryOptions({
    queryKey: [tenant, 'people'],
    queryFn: () => call<{ people: Person[]; invitations: Invitation[] }>('GET', '/v1/people', { query: { tenant } }),
  })

export const teamsQuery = (tenant: string) =>
  queryOptions({ queryKey: [tenant, 'teams'], queryFn: async () => listOf<Team>(await call('GET', '/v1/teams', { query: { tenant } }), 'teams') })

export const keysQuery = (tenant: string) =>
  queryOptions({ queryKey: [tenant, 'keys'], queryFn: async () => listOf<Key>(await call('GET', '/v1/keys', { query: { tenant } }), 'keys') })

export const tenantsQuery = (tenant: string) =>
  queryOptions({ queryKey: ['tenants'], queryFn: async () => listOf<Tenant>(await call('GET', '/v1/tenants', { query: { tenant } }), 'tenants') })

export const searchesQuery = (tenant: string) =>
  queryOptions({
    queryKey: [tenant, 'searches'],
    queryFn: async () => listOf<SavedSearch>(await call('GET', '/v1/searches', { query: { tenant } }), 'searches'),
    staleTime: 30_000,
  })

export const settingsQuery = (tenant: string) =>
  queryOptions({ queryKey: [tenant, 'settings'], queryFn: () => call<TenantSettings>('GET', '/v1/settings', { query: { tenant } }), staleTime: 60_000 })

/** Some lists stand bare, some under their name. */
function listOf<T>(body: unknown, name: string): T[] {
  if (Array.isArray(body)) return body as T[]
  return ((body as Record<string, T[]> | null) ?? {})[name] ?? []
}
