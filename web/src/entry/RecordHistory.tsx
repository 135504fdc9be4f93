import { Button, TextInput } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { RecordedEvent } from '../api/client'
import { clock } from '../api/clock'
import { type FieldState, type History, type Moment, historyQuery, stateQuery } from '../api/events'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { LongText, useFold } from '../parts/LongText'
import { Time } from '../parts/Time'
import { rangeWords } from '../query/range'
import { termText } from '../query/terms'
import { useNow, useWeekStart, useZone } from '../session/session'
import { type EventSearch, urls } from '../urls'
import { folded, sentence, typeWord, valueText } from '../words/event'
import { t } from '../words/i18n'
import { dateMinute, number } from '../words/time'
import { typedMoment } from './moment'

interface Props {
  tenant: string
  type: string
  id: string
  /** The event that is being read. */
  here?: RecordedEvent
}

/** Events listed at once: enough to see what led to one and what followed. */
const LISTED = 50

/** The moment of an address. Without one it is that right after the event that is read, or now. */
function momentOf(name: string | undefined, here: RecordedEvent | undefined): Moment {
  const moment = name ?? here?.display_id ?? 'now'
  if (moment === 'now') return {}
  return /^LOG-/i.test(moment) ? { after: moment } : { at: moment }
}

/** Everything that happened to a record, and what it was like at any moment. */
export function RecordHistory({ tenant, type, id, here }: Props) {
  const zone = useZone()
  const now = useNow()
  const q = `${termText('target.type', [type])} ${termText('target.id', [id])}`
  const search: EventSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const moment = momentOf(search.moment, here)
  const look = (moment: string | undefined) => void navigate({ to: '.', search: ((before: EventSearch) => ({ ...before, moment })) as never, replace: true })
  const list = useInfiniteQuery(historyQuery(tenant, type, id, here?.display_id, LISTED))
  const then = useQuery(stateQuery(tenant, type, id, moment, zone))
  const hereLine = useRef<HTMLLIElement>(null)
  const listed = list.data !== undefined
  useEffect(() => {
    // The place one came from, if it lies further down.
    if (listed) hereLine.current?.scrollIntoView({ block: 'center' })
  }, [listed])
  if (list.error && !list.data) return <Failure error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <p className="muted">{t('Loading …')}</p>
  const pages = list.data.pages
  const { total, state: latest } = pages.at(-1)!
  if (!total) return <p className="muted">{t('No event names this record.')}</p>
  const entries = pages.flatMap((page) => page.entries)
  const first = pages[0]!.first
  const names = new Map(latest.map((field) => [field.path, field]))
  const more = (words: string, go: () => unknown, busy: boolean) => (
    <Button variant="default" size="xs" onClick={() => void go()} loading={busy}>
      {words}
    </Button>
  )
  return (
    <div className="history">
      <div className="history-inner">
        <div className="history-state">
          <At moment={moment} key={moment.at ?? ''} go={look} now={here ? 'now' : undefined} />
          {then.error ? <Failure error={then.error} retry={() => void then.refetch()} /> : then.data ? <State history={then.data} moment={moment} zone={zone} tenant={tenant} busy={then.isPlaceholderData} /> : <p className="muted">{t('Loading …')}</p>}
        </div>
        <div className="history-list">
          <p className="muted small">
            <Go to={urls.events(tenant, { q, range: 'all', own: 'include' })}>{t('{{shown}} events', { shown: number(total), count: total })}</Go> {t('of')} <bdi>{typeWord(type)}</bdi> <bdi>{id}</bdi>
            {t(', the oldest first.')} {entries.length < total && t('{{first}} to {{last}} are listed.', { first: number(first + 1), last: number(first + entries.length) })}
          </p>
          {list.hasPreviousPage && more(t('Show earlier events'), list.fetchPreviousPage, list.isFetchingPreviousPage)}
          <ol className="timeline" start={first + 1}>
            {entries.map(({ event, gaps }) => (
              <li key={event.sequence} className={event.sequence === here?.sequence ? 'here' : undefined} ref={event.sequence === here?.sequence ? hereLine : undefined}>
                {gaps?.map((gap) => (
                  <p key={gap.path} className="gap">
                    <IconAlertTriangle size={14} aria-hidden />{' '}
                    <bdi>
                      {t('Gap: {{field}} was last set to {{expected}}, but was {{found}} before the next change. A change between was not recorded.', {
                        field: names.get(gap.path)?.label ?? gap.path,
                        expected: folded(valueText(gap.left, names.get(gap.path)?.type, zone), 100),
                        found: folded(valueText(gap.found, names.get(gap.path)?.type, zone), 100),
                      })}
                    </bdi>
                  </p>
                ))}
                <Time value={occurred(event)} now={now} as="column" />{' '}
                <Go to={urls.entry(tenant, event.display_id)} aria-current={event.sequence === here?.sequence || undefined}>
                  <bdi>{sentence(event, zone)}</bdi>
                </Go>{' '}
                {latest.length > 0 && (
                  <button type="button" className="state-after" aria-pressed={moment.after === event.display_id} onClick={() => look(event.display_id)}>
                    {t('state after')}
                  </button>
                )}
              </li>
            ))}
          </ol>
          {list.error && <Failure error={list.error} />}
          {list.hasNextPage && more(t('Show later events'), list.fetchNextPage, list.isFetchingNextPage)}
        </div>
      </div>
    </div>
  )
}

function occurred(event: RecordedEvent): string {
  return event.occurred_at ?? event.received_at
}

/** A moment that is typed, as everywhere: a time, a day, or relative to now. `now` is how the address says it. */
function At({ moment, go, now }: { moment: Moment; go: (moment: string | undefined) => void; now: 'now' | undefined }) {
  const zone = useZone()
  const weekStart = useWeekStart()
  const [text, setText] = useState(moment.at ?? '')
  const [wrong, setWrong] = useState(false)
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!text.trim()) return go(now)
        const typed = typedMoment(text, zone, clock.now(), weekStart)
        setWrong(typed === undefined)
        if (typed) go(typed === 'now' ? now : typed)
      }}
    >
      <TextInput
        label={t('State at')}
        placeholder={t('past 4 h, 2026-01-22 or 2026-01-22 18:00')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setWrong(false)
        }}
        error={wrong && t('This is no moment. Write one like 2026-01-22, 2026-01-22 18:00, yesterday or past 4 h.')}
        size="xs"
        w={300}
      />
      <Button type="submit" variant="default" size="xs">
        {t('Show the state')}
      </Button>
      {(moment.at || moment.after) && (
        <Button variant="subtle" size="xs" onClick={() => go(now)}>
          {t('Now')}
        </Button>
      )}
    </form>
  )
}

function State({ history, moment, zone, tenant, busy }: { history: History; moment: Moment; zone: string; tenant: string; busy: boolean }) {
  const [shown, more] = useFold(history.state, 30)
  const last = history.entries.at(-1)?.event
  const title = moment.after ? t('State after {{id}}, {{time}}', { id: moment.after, time: last ? dateMinute(new Date(occurred(last)), zone) : '' }) : moment.at ? t('State at {{moment}}', { moment: rangeWords({ from: moment.at, to: moment.at }, zone) }) : t('State now')
  return (
    <section className="entry-section" aria-live="polite">
      <h3>{busy ? t('Loading …') : title}</h3>
      {history.deleted && <p className="notice">{t('The record was deleted. These are the values it had.')}</p>}
      {!history.complete && <p className="gap">{t('Incomplete: the record has {{shown}} events, and the state was rebuilt from the newest 10,000 of them. A field none of these changed is missing.', { shown: number(history.total) })}</p>}
      {history.state.length === 0 ? (
        <p className="muted small">{history.total ? t('No event up to then tells of a changed value, so the state of the record is not known.') : t('No event names the record up to then.')}</p>
      ) : (
        <>
          <table className="plain">
            <tbody>
              {shown.map((field) => (
                <StateLine key={field.path} field={field} zone={zone} tenant={tenant} />
              ))}
            </tbody>
          </table>
          {more}
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
