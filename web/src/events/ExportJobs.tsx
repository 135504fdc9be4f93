import { Button, CloseButton, Progress } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { t } from '../words/i18n'
import { bytes, number } from '../words/time'
import { type Job, currentJobs, dismissJob, subscribeJobs } from './exports'

/** Exports that run or have ended, in the corner of every screen. */
export function ExportJobs() {
  const jobs = useSyncExternalStore(subscribeJobs, currentJobs)
  if (!jobs.length) return null
  return (
    <aside className="jobs-list" aria-label={t('Exports')}>
      {jobs.map((job) => (
        <div key={job.id} className="job">
          <div className="job-line">
            <span className="mono small">{job.name}</span>
            {job.state === 'running' ? (
              <Button size="compact-xs" variant="default" onClick={job.cancel}>
                {t('Cancel')}
              </Button>
            ) : (
              <CloseButton size="xs" aria-label={t('Close')} onClick={() => dismissJob(job.id)} />
            )}
          </div>
          {job.state === 'running' && <Progress value={job.total ? Math.min(100, (job.done * 100) / job.total) : 0} aria-label={t('Progress of the export')} size="sm" />}
          <p className={job.state === 'failed' ? 'wrong small' : 'muted small'} role="status">
            {words(job)}
          </p>
        </div>
      ))}
    </aside>
  )
}

function words(job: Job): string {
  switch (job.state) {
    case 'running':
      return t('{{done}} of {{total}} events, {{size}}', { done: number(job.done), total: number(job.total), size: bytes(job.bytes) })
    case 'done':
      return t('Done: {{done}} events, {{size}}', { done: number(job.done), size: bytes(job.bytes) })
    case 'cancelled':
      return t('Cancelled. Nothing was kept.')
    case 'failed':
      return job.error ?? t('The export failed.')
  }
}
