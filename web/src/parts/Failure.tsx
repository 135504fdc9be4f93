import { Button } from '@mantine/core'
import { IconAlertTriangle, IconLock, IconPlugConnectedX, IconQuestionMark, IconHourglass } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { ApiError } from '../api/client'
import { t } from '../words/i18n'

/** Says what failed, why, and the one next step, or another one. */
export function Failure({ error, retry, children }: { error: unknown; retry?: () => void; children?: ReactNode }) {
  const { icon: Icon, title, next } = explained(error)
  const detail = error instanceof Error ? error.message : String(error)
  const request = error instanceof ApiError ? error.problem.request_id : undefined
  return (
    <div className="state" role="alert">
      <Icon size={20} aria-hidden />
      <div>
        <h2>{title}</h2>
        <p>
          <bdi>{detail}</bdi>
        </p>
        {next && <p className="muted">{next}</p>}
        {request && (
          <p className="muted mono small">
            {t('Request')} {request}
          </p>
        )}
        {((retry && !lasting(error)) || children) && (
          <p className="buttons">
            {retry && !lasting(error) && (
              <Button variant="default" onClick={retry}>
                {t('Try again')}
              </Button>
            )}
            {children}
          </p>
        )}
      </div>
    </div>
  )
}

/** A role that is missing is missing the next time too. */
function lasting(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'missing_role'
}

function explained(error: unknown): { icon: typeof IconLock; title: string; next?: string } {
  if (!(error instanceof ApiError)) return { icon: IconAlertTriangle, title: t('This part of the page failed'), next: t('Reload the page. If it fails again, the browser console says more.') }
  switch (error.status) {
    case 0:
      return { icon: IconPlugConnectedX, title: t('Annals does not answer') }
    case 401:
      return { icon: IconLock, title: t('You are signed out') }
    case 403:
      return { icon: IconLock, title: t('Your role does not allow this'), next: t('An owner or admin of this tenant can change your role.') }
    case 404:
      return { icon: IconQuestionMark, title: t('Not found') }
    case 429:
      return { icon: IconHourglass, title: t('Too many requests'), next: error.retryAfter ? t('It is possible again in {{seconds}} s.', { seconds: error.retryAfter }) : undefined }
    case 503:
      return { icon: IconHourglass, title: t('Annals is busy or not ready'), next: t('What was recorded is safe. Try again in a moment.') }
    default:
      return { icon: IconAlertTriangle, title: error.problem.title }
  }
}
