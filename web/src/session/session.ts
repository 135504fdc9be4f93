//! Who is signed in, in which tenant, and what they chose.

import { useMutation, useMutationState, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { clock } from '../api/clock'
import { type Membership, type Permission, type Preferences, type Session, identity, preferencesOf, sessionQuery } from '../api/identity'
import { lastNote, tell } from '../parts/done'
import { t } from '../words/i18n'
import { type WeekStart, browserZone, isZone, localWeekStart } from '../words/time'

export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data
}

/** The tenant of the address; the route has seen to it that the person belongs to it. */
export function useTenant(): Membership {
  const session = useSession()
  const { tenant } = useParams({ strict: false })
  return session.tenants.find((one) => one.name === tenant) ?? { name: tenant ?? '', organization: tenant ?? '', role: 'viewer', state: 'active', permissions: [], pinned_entities: [] }
}

export function useMay(permission: Permission): boolean {
  return useTenant().permissions.includes(permission)
}

/** The key of choices that are on their way to the server. */
const CHOICES = ['choices']

/** What the person has chosen: what the server keeps, and over it what is on its way there. */
export function usePreferences(): Preferences {
  const session = useSession()
  const underway = useMutationState({ filters: { mutationKey: CHOICES, status: 'pending' }, select: ({ state }) => state.variables as Preferences })
  return useMemo(() => preferencesOf(Object.assign({}, session.preferences, ...underway)), [session, underway])
}

/** The zone times are shown in: chosen, else the account's, else the browser's. */
export function useZone(): string {
  const { person } = useSession()
  const wanted = usePreferences().zone ?? (person.time_zone || browserZone())
  return isZone(wanted) ? wanted : 'UTC'
}

export function useWeekStart(): WeekStart {
  return usePreferences().week_start ?? localWeekStart()
}

/** Changes some of the person's choices: seen at once, and not any more where the server does not keep them. */
export function useChoose(): (part: Preferences) => void {
  return useKept(async (part) => ({ preferences: await identity.changePreferences(part) }))
}

/** Chooses the zone, also as that of the account. */
export function useChooseZone(): (zone: string) => void {
  const choose = useKept(async ({ zone }) => ({ person: await identity.changeMe({ time_zone: zone }), preferences: await identity.changePreferences({ zone }) }))
  return (zone) => choose({ zone })
}

/** Has choices kept by the server, one after the other; says it where one is not. `keep` answers what the session has now. */
function useKept(keep: (part: Preferences) => Promise<Partial<Session>>): (part: Preferences) => void {
  const client = useQueryClient()
  const { mutate } = useMutation({
    mutationKey: CHOICES,
    mutationFn: keep,
    scope: { id: 'choices' },
    // Without a network it fails and is told, instead of waiting unseen.
    networkMode: 'always',
    onMutate: () => client.getQueryData(sessionQuery.queryKey)?.person.id,
    onSuccess: async (kept, _, person) => {
      // An answer that is on its way does not know of the choice.
      await client.cancelQueries({ queryKey: sessionQuery.queryKey })
      client.setQueryData(sessionQuery.queryKey, (session) => (session && session.person.id === person ? { ...session, ...kept } : session))
      const note = lastNote()
      if (note && 'why' in note) tell(undefined)
    },
    onError: (error) => tell({ words: t('Your choice was not saved.'), why: error.message }),
  })
  return mutate
}

/** The moment, moving on by itself. */
export function useNow(everyMs = 30_000): Date {
  const [now, setNow] = useState(() => clock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
