//! People by their ids: the counts give ids, a person wants names.

import { useQueries } from '@tanstack/react-query'
import { fetchEvents } from '../api/events'
import { termText } from '../query/terms'
import { actorName } from '../words/event'

/** The newest name each actor goes by. An id without a name stands for itself. */
export function useActorNames(tenant: string, ids: string[]): Map<string, string> {
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: [tenant, 'actor', id],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const page = await fetchEvents({ tenant, tz: 'UTC', q: termText('actor.id', [id]), own: 'include' }, { limit: 1 }, signal)
        const actor = page.events[0]?.actor
        if (!actor) return id
        return actor.type === 'system' && actor.name ? `${actorName(actor)} (${actor.name})` : actorName(actor)
      },
      staleTime: 10 * 60_000,
    })),
    combine: (answers) => new Map(ids.map((id, place) => [id, answers[place]?.data ?? id])),
  })
}
