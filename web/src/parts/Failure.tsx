import { Button } from '@mantine/core'
import { IconAlertTriangle, IconLock, IconPlugConnectedX, IconQuestionMark, IconHourglass } from '@tabler/icons-react'
import { ApiError } from '../api/client'
import { t } from '../words/i18n'

/** Says what failed, why, and the one next step. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
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
        {retry && (
          <Button variant="default" onClick={retry}>
            {t('Try again')}
          </Button>
        )}
      </div>
    </div>
  )
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
