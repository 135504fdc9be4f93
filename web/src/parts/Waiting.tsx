import { Button } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { t } from '../words/i18n'

/** A page whose first answer takes a while: its shape, and the way back. */
export function Waiting() {
  const router = useRouter()
  return (
    <div className="waiting-page" role="status" aria-busy>
      <p className="muted">
        {t('Loading …')}{' '}
        <Button variant="subtle" size="compact-sm" onClick={() => router.history.back()}>
          {t('Back')}
        </Button>
      </p>
      {LINES.map((width) => (
        <div key={width} className="skeleton-line" aria-hidden style={{ width }} />
      ))}
    </div>
  )
}

const LINES = ['32%', '71%', '64%', '78%', '59%', '74%', '48%']
