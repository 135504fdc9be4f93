import { Button, PasswordInput, Stack } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { useTry } from '../parts/useTry'
import { entered } from '../routes'
import { fragmentToken } from '../urls'
import { t } from '../words/i18n'

export default function ResetPage() {
  const token = fragmentToken(useLocation({ select: (location) => location.hash }))
  const [password, setPassword] = useState('')
  const { busy, error, run } = useTry()
  return (
    <Alone title={t('Choose a new password')}>
      {token ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void run(async () => entered(await identity.resetPassword({ token, password })))
          }}
        >
          <Stack gap="sm">
            <PasswordInput label={t('New password')} description={t('Your other sessions end.')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="new-password" required autoFocus />
            {error && (
              <p className="wrong" role="alert">
                {error.message}
              </p>
            )}
            <Button type="submit" size="sm" loading={busy}>
              {t('Set the password and sign in')}
            </Button>
          </Stack>
        </form>
      ) : (
        <p>{t('This link is not complete. Copy all of it, with what stands behind #.')}</p>
      )}
    </Alone>
  )
}
