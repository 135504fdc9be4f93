import { Button } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { useTry } from '../parts/useTry'
import { entered } from '../routes'
import { fragmentToken } from '../urls'
import { t } from '../words/i18n'

export default function DemoPage() {
  const token = fragmentToken(useLocation({ select: (location) => location.hash }))
  const { busy, error, run } = useTry()
  return (
    <Alone title={t('A made-up company')}>
      <p>{t('Everything in it is invented, and new events come in while you look.')}</p>
      {error && (
        <p className="wrong" role="alert">
          {error.message}
        </p>
      )}
      {token ? (
        <Button size="sm" loading={busy} onClick={() => void run(async () => entered(await identity.signInByLink(token)))} autoFocus>
          {t('Look around')}
        </Button>
      ) : (
        <p>{t('This link is not complete. Copy all of it, with what stands behind #.')}</p>
      )}
    </Alone>
  )
}
