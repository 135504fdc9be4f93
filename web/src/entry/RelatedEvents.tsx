import type { RecordedEvent } from '../api/client'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { useNow, useZone } from '../session/session'
import { urls } from '../urls'
import { sentence } from '../words/event'
import { t } from '../words/i18n'
import { DAY_MS, dateMinute, duration, number } from '../words/time'
import { useRelated } from './related'

/** Events that belong to this one, grouped by why. */
export function RelatedEvents({ tenant, event }: { tenant: string; event: RecordedEvent }) {
  const zone = useZone()
  useNow()
  const groups = useRelated(tenant, zone, event)
  const at = Date.parse(event.occurred_at ?? event.received_at)
  const shown = groups.filter((group) => group.pending || group.error !== undefined || group.total > 0)
  if (!groups.length) return <p className="muted">{t('The event names no record, session, request or other event.')}</p>
  if (!shown.length) return <p className="muted">{t('No other event belongs to this one.')}</p>
  return (
    <>
      {shown.map((group) => (
        <section key={group.key} className="entry-section">
          <h3>
            {group.words}{' '}
            {group.total > 0 && (
              <Go to={urls.events(tenant, { q: group.q, from: group.from, to: group.to, range: group.from || group.to ? undefined : 'all', order: group.order === 'asc' ? 'asc' : undefined })} className="count">
                {number(group.total)}
              </Go>
            )}
          </h3>
          {group.error !== undefined && <Failure error={group.error} />}
          {group.pending && <div className="skeleton-line" aria-hidden />}
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
