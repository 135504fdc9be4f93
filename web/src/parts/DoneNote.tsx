import { CloseButton } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { Go } from './Go'
import { lastDone, subscribeDone, tell } from './done'

/** What was done last, with the way to the event that records it. */
export function DoneNote() {
  const done = useSyncExternalStore(subscribeDone, lastDone)
  if (!done) return null
  return (
    <div className="job" role="status">
      <div className="job-line">
        <bdi>{done.words}</bdi>
        <CloseButton size="xs" aria-label={t('Close')} onClick={() => tell(undefined)} />
      </div>
      <Go to={urls.events(done.tenant, { q: done.q, own: 'include', range: 'all' })} className="small">
        {t('The event that records it')}
      </Go>
    </div>
  )
}
