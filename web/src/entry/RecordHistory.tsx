import { Button, TextInput } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RecordedEvent } from '../api/client'
import { type FieldState, type History, historyQuery } from '../api/events'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { LongText } from '../parts/LongText'
import { Time } from '../parts/Time'
import { termText } from '../query/terms'
import { useNow, useZone } from '../session/session'
import { urls } from '../urls'
import { sentence, typeWord, valueText } from '../words/event'
import { t } from '../words/i18n'
import { dateMinute, number } from '../words/time'
import { justAfter } from './moment'

interface Props {
  tenant: string
  type: string
  id: string
  /** The event that is being read. */
  here?: RecordedEvent
}

/** Events listed; the server gives no more at once. */
const LISTED = 1000

/** The moment that is looked at: after an event, or one that was typed. */
type Moment = { after: RecordedEvent } | { typed: string } | undefined

/** Everything that happened to a record, and what it was like at any moment. */
export function RecordHistory({ tenant, type, id, here }: Props) {
  const zone = useZone()
  const now = useNow()
  const q = `${termText('target.type', [type])} ${termText('target.id', [id])}`
  const [moment, setMoment] = useState<Moment>(here && { after: here })
  const all = useQuery(historyQuery(tenant, type, id, { tz: zone, limit: LISTED }))
  const at = moment && ('after' in moment ? justAfter(occurred(moment.after)) : moment.typed)
  const then = useQuery({ ...historyQuery(tenant, type, id, { tz: zone, at, limit: 1 }), enabled: at !== undefined })
  if (all.error) return <Failure error={all.error} retry={() => void all.refetch()} />
  if (!all.data) return <p className="muted">{t('Loading …')}</p>
  const { total, entries, state: latest } = all.data
  if (!total) return <p className="muted">{t('No event names this record.')}</p>
  const shown = at === undefined ? all.data : then.data
  const names = new Map(latest.map((field) => [field.path, field]))
  return (
    <div className="history">
      <p className="muted small">
        <Go to={urls.events(tenant, { q, range: 'all', own: 'include' })}>{t('{{shown}} events', { shown: number(total), count: total })}</Go> {t('of {{type}} {{id}}, the oldest first.', { type: typeWord(type), id })}
        {total > entries.length && ` ${t('The newest {{shown}} are listed.', { shown: number(entries.length) })}`}
      </p>
      <At moment={moment} key={moment && 'typed' in moment ? moment.typed : ''} go={setMoment} />
      {at !== undefined && then.error ? <Failure error={then.error} retry={() => void then.refetch()} /> : shown ? <State history={shown} moment={moment} zone={zone} tenant={tenant} /> : <p className="muted">{t('Loading …')}</p>}
      <ol className="timeline">
        {entries.map(({ event, gaps }) => (
          <li key={event.sequence} className={event.sequence === here?.sequence ? 'here' : undefined}>
            {gaps?.map((gap) => (
              <p key={gap.path} className="gap">
                <IconAlertTriangle size={14} aria-hidden />{' '}
                {t('Gap: {{field}} was last set to {{expected}}, but was {{found}} before the next change. A change between was not recorded.', {
                  field: names.get(gap.path)?.label ?? gap.path,
                  expected: valueText(gap.left, names.get(gap.path)?.type, zone),
                  found: valueText(gap.found, names.get(gap.path)?.type, zone),
                })}
              </p>
            ))}
            <Time value={occurred(event)} now={now} as="column" />{' '}
            <Go to={urls.entry(tenant, event.display_id)} aria-current={event.sequence === here?.sequence || undefined}>
              <bdi>{sentence(event, zone)}</bdi>
            </Go>{' '}
            {latest.length > 0 && (
              <button type="button" className="state-after" aria-pressed={moment !== undefined && 'after' in moment && moment.after.sequence === event.sequence} onClick={() => setMoment({ after: event })}>
                {t('state after')}
              </button>
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}

function occurred(event: RecordedEvent): string {
  return event.occurred_at ?? event.received_at
}

/** A moment that is typed, as everywhere: a time, a date, or relative to now. */
function At({ moment, go }: { moment: Moment; go: (moment: Moment) => void }) {
  const [text, setText] = useState(moment && 'typed' in moment ? moment.typed : '')
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        go(text.trim() ? { typed: text.trim() } : undefined)
      }}
    >
      <TextInput label={t('State at')} placeholder={t('now-7d, 2026-01-22 or 2026-01-22T10:45:32Z')} value={text} onChange={(event) => setText(event.currentTarget.value)} size="xs" w={300} />
      <Button type="submit" variant="default" size="xs">
        {t('Show the state')}
      </Button>
      {moment && (
        <Button variant="subtle" size="xs" onClick={() => go(undefined)}>
          {t('Now')}
        </Button>
      )}
    </form>
  )
}

function State({ history, moment, zone, tenant }: { history: History; moment: Moment; zone: string; tenant: string }) {
  const title = !moment ? t('State now') : 'after' in moment ? t('State after {{id}}, {{time}}', { id: moment.after.display_id, time: dateMinute(new Date(occurred(moment.after)), zone) }) : t('State at {{moment}}', { moment: moment.typed })
  return (
    <section className="entry-section" aria-live="polite">
      <h3>{title}</h3>
      {history.deleted && <p className="notice">{t('The record was deleted. These are the values it had.')}</p>}
      {!history.complete && <p className="gap">{t('Incomplete: the record has {{shown}} events, and the state was rebuilt from the newest 10,000 of them. A field none of these changed is missing.', { shown: number(history.total) })}</p>}
      {history.state.length === 0 ? (
        <p className="muted small">{history.total ? t('No event up to then tells of a changed value, so the state of the record is not known.') : t('No event names the record up to then.')}</p>
      ) : (
        <>
          <table className="plain">
            <tbody>
              {history.state.map((field) => (
                <StateLine key={field.path} field={field} zone={zone} tenant={tenant} />
              ))}
            </tbody>
          </table>
          <p className="muted small">{t('Rebuilt from the changes the events tell of; fields no event has changed are not known.')}</p>
        </>
      )}
    </section>
  )
}

function StateLine({ field, zone, tenant }: { field: FieldState; zone: string; tenant: string }) {
  return (
    <tr>
      <th scope="row" title={field.path}>
        <bdi>{field.label ?? field.path}</bdi>
      </th>
      <td>
        <LongText text={valueText(field.value, field.type, zone)} />
      </td>
      <td className="small">
        <Go to={urls.entry(tenant, String(field.sequence))}>{t('since {{time}}', { time: dateMinute(new Date(field.since), zone) })}</Go>
      </td>
    </tr>
  )
}
