import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { fetchEvents } from '../api/events'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { LongText } from '../parts/LongText'
import { Time } from '../parts/Time'
import { IconAlertTriangle } from '@tabler/icons-react'
import { termText } from '../query/terms'
import { useNow, useZone } from '../session/session'
import { urls } from '../urls'
import { sentence, typeWord, valueText } from '../words/event'
import { t } from '../words/i18n'
import { dateMinute, number } from '../words/time'
import { type Moment, rebuild } from './history'

interface Props {
  tenant: string
  type: string | undefined
  id: string
  /** The event that is being read. */
  here?: string
}

const PAGE = 500

/** Everything that happened to a record, and what it looked like after each event. */
export function RecordHistory({ tenant, type, id, here }: Props) {
  const zone = useZone()
  const now = useNow()
  const q = `${type ? `${termText('target.type', [type])} ` : ''}${termText('target.id', [id])}`
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: [tenant, 'history', type, id],
    queryFn: ({ pageParam, signal }) => fetchEvents({ tenant, tz: 'UTC', q, own: 'include' }, { limit: PAGE, order: 'asc', cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 15_000,
  })
  const events = data?.pages.flatMap((page) => page.events) ?? []
  const moments = rebuild(events, type, id)
  const [picked, setPicked] = useState<string | undefined>(here)
  const chosen = moments.find((moment) => moment.event.display_id === picked) ?? moments.at(-1)
  if (error) return <Failure error={error} retry={() => void refetch()} />
  if (isPending) return <p className="muted">{t('Loading …')}</p>
  if (!events.length) return <p className="muted">{t('No event names this record.')}</p>
  const total = data!.pages[0]!.total
  return (
    <div className="history">
      <p className="muted small">
        <Go to={urls.events(tenant, { q, range: 'all' })}>{t('{{shown}} events', { shown: number(total), count: total })}</Go> {t('of {{type}} {{id}}, the oldest first.', { type: type ? typeWord(type) : '', id })}
      </p>
      {chosen && <State moment={chosen} last={chosen === moments.at(-1) && !hasNextPage} zone={zone} />}
      <ol className="timeline">
        {moments.map((moment) => (
          <li key={moment.event.sequence} className={moment.event.display_id === here ? 'here' : undefined}>
            {moment.gaps.map((gap) => (
              <p key={gap.name} className="gap">
                <IconAlertTriangle size={14} aria-hidden />{' '}
                {t('Gap: {{field}} was last set to {{expected}}, but was {{found}} before the next change. A change between was not recorded.', {
                  field: gap.name,
                  expected: valueText(gap.expected, gap.type, zone),
                  found: valueText(gap.found, gap.type, zone),
                })}
              </p>
            ))}
            <Time value={moment.event.occurred_at ?? moment.event.received_at} now={now} as="column" />{' '}
            <Go to={urls.entry(tenant, moment.event.display_id)} aria-current={moment.event.display_id === here || undefined}>
              <bdi>{sentence(moment.event, zone)}</bdi>
            </Go>{' '}
            {moment.state.length > 0 && (
              <button type="button" className="state-after" aria-pressed={moment === chosen} onClick={() => setPicked(moment.event.display_id)}>
                {t('state after')}
              </button>
            )}
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('Load the next {{count}}', { count: PAGE })}
        </Button>
      )}
    </div>
  )
}

function State({ moment, last, zone }: { moment: Moment; last: boolean; zone: string }) {
  if (!moment.state.length) return <p className="muted small">{t('No event tells of a changed value, so the state of the record is not known.')}</p>
  const at = moment.event.occurred_at ?? moment.event.received_at
  return (
    <section className="entry-section" aria-live="polite">
      <h3>{last ? t('State after the last event') : t('State after {{id}}, {{time}}', { id: moment.event.display_id, time: dateMinute(new Date(at), zone) })}</h3>
      <table className="plain">
        <tbody>
          {moment.state.map((field) => (
            <tr key={field.path}>
              <th scope="row" title={field.path}>
                <bdi>{field.name}</bdi>
              </th>
              <td>
                <LongText text={valueText(field.value, field.type, zone)} />
              </td>
              <td className="muted small mono">{field.since}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted small">{t('Rebuilt from the changes the events tell of; fields no event has changed are not known.')}</p>
    </section>
  )
}
