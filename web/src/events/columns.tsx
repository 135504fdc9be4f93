//! The columns of the table: what each shows, and which field a click on its value filters by.

import type { ReactNode } from 'react'
import type { RecordedEvent } from '../api/client'
import { TimeIn } from '../parts/Time'
import { Category, Outcome, Severity } from '../parts/marks'
import { actorName, deedWord, details, folded, namesType, outcomeOf, shortened, targetName, typeWord } from '../words/event'
import { t } from '../words/i18n'
import { duration, number } from '../words/time'

export interface Column {
  id: string
  words: () => string
  width: number
  cell: (event: RecordedEvent, now: Date, zone: string) => ReactNode
  /** The text that is copied. */
  text: (event: RecordedEvent, zone: string) => string
  /** The field and value a filter by this cell means. */
  filter?: (event: RecordedEvent) => { field: string; value: string | null | undefined } | undefined
  grows?: boolean
}

const none = () => <span className="muted">{t('not recorded')}</span>
const plain = (text: string | null | undefined, mono = false): ReactNode => (text ? <bdi className={mono ? 'mono' : undefined}>{folded(text)}</bdi> : none())
const id = (text: string | null | undefined): ReactNode =>
  text ? (
    <bdi className="mono" title={text}>
      {shortened(text)}
    </bdi>
  ) : (
    none()
  )

export const COLUMNS: Column[] = [
  {
    id: 'time',
    words: () => t('Time'),
    width: 176,
    cell: (event, now, zone) => <TimeIn value={event.occurred_at ?? event.received_at} now={now} zone={zone} as="column" />,
    text: (event) => event.occurred_at ?? event.received_at,
  },
  {
    id: 'who',
    words: () => t('User'),
    width: 170,
    cell: (event) => <bdi title={event.actor?.email ?? event.actor?.name ?? event.actor?.id ?? undefined}>{event.erasure && !event.actor ? t('erased') : actorName(event.actor)}</bdi>,
    text: (event) => actorName(event.actor),
    filter: (event) => (event.actor?.id ? { field: 'actor.id', value: event.actor.id } : { field: 'actor.type', value: event.actor?.type }),
  },
  {
    id: 'action',
    words: () => t('Action'),
    width: 130,
    cell: (event) => <span title={event.action ?? undefined}>{event.activity === 'other' || !event.activity ? plain(event.action) : deedWord(event)}</span>,
    text: (event) => event.action ?? '',
    filter: (event) => ({ field: 'action', value: event.action }),
  },
  {
    id: 'entity',
    words: () => t('Entity'),
    width: 220,
    cell: (event) => {
      const target = event.targets?.[0]
      if (!target) return none()
      return (
        <>
          {target.type && !namesType(target) && <bdi className="muted">{typeWord(target.type)} </bdi>}
          <bdi title={target.id ?? undefined}>{targetName(target) ?? ''}</bdi>
          {(event.targets?.length ?? 0) > 1 && <span className="muted"> +{event.targets!.length - 1}</span>}
        </>
      )
    },
    text: (event) => [event.targets?.[0]?.type, targetName(event.targets?.[0])].filter(Boolean).join(' '),
    filter: (event) => (event.targets?.[0]?.id ? { field: 'target.id', value: event.targets[0].id } : { field: 'target.type', value: event.targets?.[0]?.type }),
  },
  { id: 'details', words: () => t('Details'), width: 320, grows: true, cell: (event, _, zone) => <bdi>{folded(details(event, zone))}</bdi>, text: details },
  {
    id: 'outcome',
    words: () => t('Outcome'),
    width: 108,
    cell: (event) => <Outcome result={outcomeOf(event)?.result} />,
    text: (event) => outcomeOf(event)?.result ?? '',
    filter: (event) => ({ field: 'outcome', value: outcomeOf(event)?.result }),
  },
  { id: 'severity', words: () => t('Severity'), width: 100, cell: (event) => <Severity level={event.severity} />, text: (event) => event.severity ?? '', filter: (event) => ({ field: 'severity', value: event.severity }) },
  { id: 'category', words: () => t('Category'), width: 130, cell: (event) => <Category name={event.category} />, text: (event) => event.category ?? '', filter: (event) => ({ field: 'category', value: event.category }) },
  { id: 'action_name', words: () => t('Action name'), width: 220, cell: (event) => plain(event.action, true), text: (event) => event.action ?? '', filter: (event) => ({ field: 'action', value: event.action }) },
  { id: 'entity_type', words: () => t('Entity type'), width: 130, cell: (event) => plain(event.targets?.[0]?.type), text: (event) => event.targets?.[0]?.type ?? '', filter: (event) => ({ field: 'target.type', value: event.targets?.[0]?.type }) },
  { id: 'record', words: () => t('Record id'), width: 140, cell: (event) => id(event.targets?.[0]?.id), text: (event) => event.targets?.[0]?.id ?? '', filter: (event) => ({ field: 'target.id', value: event.targets?.[0]?.id }) },
  { id: 'message', words: () => t('Message'), width: 320, grows: true, cell: (event) => plain(event.message), text: (event) => event.message ?? '' },
  { id: 'ip', words: () => t('IP address'), width: 150, cell: (event) => plain(event.client?.ip, true), text: (event) => event.client?.ip ?? '', filter: (event) => ({ field: 'ip', value: event.client?.ip }) },
  { id: 'session', words: () => t('Session'), width: 170, cell: (event) => id(event.session_id), text: (event) => event.session_id ?? '', filter: (event) => ({ field: 'session', value: event.session_id }) },
  { id: 'app', words: () => t('Application'), width: 120, cell: (event) => plain(event.source?.app), text: (event) => event.source?.app ?? '', filter: (event) => ({ field: 'app', value: event.source?.app }) },
  { id: 'records', words: () => t('Records'), width: 90, cell: (event) => (event.counts?.records == null ? none() : <span className="mono">{number(event.counts.records)}</span>), text: (event) => String(event.counts?.records ?? '') },
  { id: 'duration', words: () => t('Duration'), width: 90, cell: (event) => (event.duration_ms == null ? none() : <span className="mono">{duration(event.duration_ms)}</span>), text: (event) => String(event.duration_ms ?? '') },
  { id: 'received', words: () => t('Received'), width: 176, cell: (event, now, zone) => <TimeIn value={event.received_at} now={now} zone={zone} as="column" />, text: (event) => event.received_at },
  { id: 'id', words: () => t('Event id'), width: 160, cell: (event) => <span className="mono">{event.display_id}</span>, text: (event) => event.display_id },
]

export const WIDTH_MIN = 60
export const WIDTH_MAX = 900

/** Widths by column as they are kept: `who:200,entity:240`. What means nothing is left out. */
export function widthsOf(kept: string | undefined): Record<string, number> {
  const pairs = (kept ?? '').split(',').map((one) => /^([a-z_]+):(\d{1,4})$/.exec(one))
  return Object.fromEntries(pairs.flatMap((pair) => (pair && COLUMNS.some((column) => column.id === pair[1]) ? [[pair[1]!, Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, Number(pair[2])))]] : [])))
}

/** The text to keep; nothing where every column has its usual width. */
export function widthsText(widths: Record<string, number>): string | undefined {
  return Object.entries(widths).map(([id, width]) => `${id}:${Math.round(width)}`).join(',') || undefined
}

export const DEFAULT_COLUMNS = 'time,who,action,entity,details,outcome'

/** The columns a list of names means; unknown names are left out, none means the usual ones. */
export function columnsOf(names: string | undefined): Column[] {
  const wanted = (names ?? DEFAULT_COLUMNS).split(',')
  const found = wanted.map((name) => COLUMNS.find((column) => column.id === name)).filter((column) => column !== undefined)
  return found.length ? [...new Set(found)] : columnsOf(DEFAULT_COLUMNS)
}
