import { Button } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { useTry } from '../parts/useTry'
import { entered } from '../routes'
import { fragmentToken } from '../urls'
import { t } from '../words/i18n'

/** Signs in by the link of `annals demo` as soon as it is opened. The link itself changes nothing: the page asks. */
export default function DemoPage() {
  const token = fragmentToken(useLocation({ select: (location) => location.hash }))
  const { error, run } = useTry()
  const tried = useRef<string>(undefined)
  const enter = (by: string) => void run(async () => entered(await identity.signInByLink(by)))
  useEffect(() => {
    if (!token || tried.current === token) return
    tried.current = token
    enter(token)
  })
  return (
    <Alone title={t('A made-up company')}>
      <p>{t('Everything in it is invented, and new events come in while you look.')}</p>
      {!token && <p>{t('This link is not complete. Copy all of it, with what stands behind #.')}</p>}
      {token && !error && <p role="status">{t('Signing in …')}</p>}
      {token && error && (
        <>
          <p className="wrong" role="alert">
            {error.message}
          </p>
          <Button size="sm" onClick={() => enter(token)}>
            {t('Try again')}
          </Button>
        </>
      )}
    </Alone>
  )
}
