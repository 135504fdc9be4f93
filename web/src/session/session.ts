//! Who is signed in, in which tenant, and what they chose.

import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { type Membership, type Permission, type Preferences, type Session, identity, preferencesOf, sessionQuery } from '../api/identity'
import { type WeekStart, browserZone, isZone, localWeekStart } from '../words/time'

export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data
}

/** The tenant of the address; the route has seen to it that the person belongs to it. */
export function useTenant(): Membership {
  const session = useSession()
  const { tenant } = useParams({ strict: false })
  return session.tenants.find((one) => one.name === tenant) ?? { name: tenant ?? '', organization: tenant ?? '', role: 'viewer', state: 'active', permissions: [] }
}

export function useMay(permission: Permission): boolean {
  return useTenant().permissions.includes(permission)
}

/** What the person has chosen. */
export function usePreferences(): Preferences {
  const session = useSession()
  return useMemo(() => preferencesOf(session), [session])
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

/** Changes some of the person's choices; seen at once, kept on the server. */
export function useChoose(): (part: Preferences) => void {
  const client = useQueryClient()
  const { mutate } = useMutation({ mutationFn: identity.savePreferences })
  return (part) => {
    const session = client.getQueryData(sessionQuery.queryKey)
    if (!session) return
    // What another version of the screens keeps there stays.
    const preferences = { ...session.preferences, ...part }
    client.setQueryData(sessionQuery.queryKey, { ...session, preferences })
    mutate(preferences)
  }
}

/** The moment, moving on by itself. */
export function useNow(everyMs = 30_000): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
