import { useQuery } from '@tanstack/react-query'
import type { RecordedEvent, Schemas } from '../api/client'
import { relatedQuery } from '../api/events'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { useZone } from '../session/session'
import { urls } from '../urls'
import { sentence } from '../words/event'
import { t } from '../words/i18n'
import { DAY_MS, dateMinute, duration, number } from '../words/time'

const WHY: Record<Schemas['RelatedWhy'], () => string> = {
  parent: () => t('What caused it'),
  child: () => t('What it caused'),
  correlation: () => t('Same business transaction (correlation)'),
  request: () => t('Same request'),
  record_before: () => t('This record before'),
  record_after: () => t('This record after'),
  session: () => t('Same session'),
}

/** Events that belong to this one, grouped by why. */
export function RelatedEvents({ tenant, event }: { tenant: string; event: RecordedEvent }) {
  const zone = useZone()
  const { data, error, refetch } = useQuery(relatedQuery(tenant, event.display_id))
  const at = Date.parse(event.occurred_at ?? event.received_at)
  if (error) return <Failure error={error} retry={() => void refetch()} />
  if (!data) return <p className="muted">{t('Loading …')}</p>
  if (!data.groups.length) return <p className="muted">{t('No other event shares a record, session, request, correlation or parent with this one.')}</p>
  return (
    <>
      {data.groups.map((group) => (
        <section key={group.why} className="entry-section">
          <h3>
            {WHY[group.why]()}{' '}
            <Go to={urls.events(tenant, { q: group.q, range: 'all', own: 'include' })} className="count" title={t('Events this finds, this one included')}>
              {t('all {{shown}}', { shown: number(group.total) })}
            </Go>
          </h3>
          <ol className="related">
            {group.events.map((other) => (
              <li key={other.sequence}>
                <span className="mono muted offset">{offset(Date.parse(other.occurred_at ?? other.received_at) - at, other.occurred_at ?? other.received_at, zone)}</span>
                <Go to={urls.entry(tenant, other.display_id)}>
                  <bdi>{sentence(other, zone)}</bdi>
                </Go>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </>
  )
}

/** "+3 s" from the event, or the date where it is more than a day away. */
function offset(ms: number, at: string, zone: string): string {
  if (Math.abs(ms) >= DAY_MS) return dateMinute(new Date(at), zone)
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`
}
