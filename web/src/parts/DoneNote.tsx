import { CloseButton } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { Go } from './Go'
import { lastNote, subscribeNote, tell } from './done'

/** What was done last, with the way to the event that records it; or what was not kept, and why. */
export function DoneNote() {
  const note = useSyncExternalStore(subscribeNote, lastNote)
  if (!note) return null
  return (
    <div className="job" role={'why' in note ? 'alert' : 'status'}>
      <div className="job-line">
        <bdi>{note.words}</bdi>
        <CloseButton size="xs" aria-label={t('Close')} onClick={() => tell(undefined)} />
      </div>
      {'why' in note ? (
        <p className="wrong small">{note.why}</p>
      ) : (
        <Go to={urls.events(note.tenant, { q: note.q, own: 'include', range: 'all' })} className="small">
          {t('The event that records it')}
        </Go>
      )}
    </div>
  )
}
