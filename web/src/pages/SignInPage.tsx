import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../api/client'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { useTry } from '../parts/useTry'
import { entered } from '../routes'
import { t } from '../words/i18n'

export default function SignInPage() {
  const { back } = useSearch({ from: '/sign-in' })
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const { busy, error, run } = useTry()
  return (
    <Alone title={t('Sign in')}>
      {back && back !== '/' && <p className="muted">{t('You come back to where you were.')}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(async () => entered(await identity.signIn({ email: email.trim(), password }), back))
        }}
      >
        <Stack gap="sm">
          <TextInput label={t('E-mail address')} type="email" value={email} onChange={(event) => setEmail(event.currentTarget.value)} autoComplete="username" required autoFocus />
          <PasswordInput label={t('Password')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" required />
          {error && (
            <p className="wrong" role="alert">
              {words(error)}
            </p>
          )}
          <Button type="submit" size="sm" loading={busy}>
            {t('Sign in')}
          </Button>
          <p className="muted small">{t('Forgotten password: an owner or admin gives you a reset link under Settings, People; on the server, “annals user reset” does.')}</p>
        </Stack>
      </form>
    </Alone>
  )
}

function words(error: Error): string {
  if (!(error instanceof ApiError)) return error.message
  if (error.code === 'sign_in_failed') return t('The e-mail address or the password is wrong, or the account is disabled.')
  if (error.status === 429) return error.retryAfter ? t('Too many failed attempts. Try again in {{seconds}} s.', { seconds: error.retryAfter }) : t('Too many failed attempts. Try again later.')
  return error.message
}
