//! Events that belong to one, grouped by why.

import { useQueries } from '@tanstack/react-query'
import type { RecordedEvent } from '../api/client'
import { type Selection, fetchEvents } from '../api/events'
import { termText } from '../query/terms'
import { t } from '../words/i18n'

interface Question {
  key: string
  words: string
  q: string
  order: 'asc' | 'desc'
  from?: string
  to?: string
}

export interface RelatedGroup extends Question {
  events: RecordedEvent[]
  total: number
  pending: boolean
  error?: unknown
}

const SHOWN = 6

function questions(event: RecordedEvent): Question[] {
  const at = event.occurred_at ?? event.received_at
  const target = event.targets?.[0]
  const found: Question[] = []
  if (target?.id) {
    const record = `${target.type ? `${termText('target.type', [target.type])} ` : ''}${termText('target.id', [target.id])}`
    found.push({ key: 'before', words: t('This record before'), q: record, order: 'desc', to: at }, { key: 'after', words: t('This record after'), q: record, order: 'asc', from: at })
  }
  if (event.parent_id) found.push({ key: 'parent', words: t('What caused it'), q: `id:"${event.parent_id}"`, order: 'asc' })
  if (event.id) found.push({ key: 'children', words: t('What it caused'), q: `parent:"${event.id}"`, order: 'asc' })
  if (event.correlation_id) found.push({ key: 'correlation', words: t('Same business transaction (correlation)'), q: `correlation:"${event.correlation_id}"`, order: 'asc' })
  if (event.request_id) found.push({ key: 'request', words: t('Same request'), q: `request:"${event.request_id}"`, order: 'asc' })
  if (event.trace_id) found.push({ key: 'trace', words: t('Same trace'), q: `trace:"${event.trace_id}"`, order: 'asc' })
  if (event.session_id) {
    const session = termText('session', [event.session_id])
    found.push({ key: 'session-before', words: t('Same session, before'), q: session, order: 'desc', to: at }, { key: 'session-after', words: t('Same session, after'), q: session, order: 'asc', from: at })
  }
  return found
}

export function useRelated(tenant: string, tz: string, event: RecordedEvent): RelatedGroup[] {
  const asked = questions(event)
  return useQueries({
    queries: asked.map((question) => ({
      queryKey: [tenant, 'related', event.display_id, question.key],
      queryFn: ({ signal }: { signal: AbortSignal }) => {
        const selection: Selection = { tenant, tz, q: question.q, own: 'include', from: question.from, to: question.to }
        return fetchEvents(selection, { limit: SHOWN + 1, order: question.order }, signal)
      },
      staleTime: 30_000,
    })),
    combine: (answers) =>
      asked.map((question, place) => {
        const { data, isPending, error } = answers[place]!
        const others = (data?.events ?? []).filter((other) => other.sequence !== event.sequence)
        const itself = (data?.events.length ?? 0) - others.length
        const near = others.slice(0, SHOWN)
        return { ...question, events: question.order === 'desc' ? near.reverse() : near, total: (data?.total ?? 0) - itself, pending: isPending, error: error ?? undefined }
      }),
  })
}
