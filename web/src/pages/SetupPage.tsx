import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useLoaderData, useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { Go } from '../parts/Go'
import { ZoneSelect } from '../parts/ZoneSelect'
import { fieldError, useTry } from '../parts/useTry'
import { entered } from '../routes'
import { fragmentToken, urls } from '../urls'
import { t } from '../words/i18n'
import { browserZone } from '../words/time'

export default function SetupPage() {
  const { needed } = useLoaderData({ from: '/setup' })
  const token = fragmentToken(useLocation({ select: (location) => location.hash }))
  const [form, setForm] = useState({ name: '', email: '', password: '', organization: '', time_zone: browserZone() })
  const { busy, error, run } = useTry()
  const text = (name: 'name' | 'email' | 'password' | 'organization') => ({
    value: form[name],
    onChange: (event: { currentTarget: { value: string } }) => setForm({ ...form, [name]: event.currentTarget.value }),
    error: fieldError(error, name, name === 'password' ? ['password_weak'] : []),
    required: true,
  })
  if (!needed) {
    return (
      <Alone title={t('Annals is set up already')}>
        <p>
          <Go to={urls.signIn()}>{t('Sign in')}</Go>
        </p>
      </Alone>
    )
  }
  if (!token) {
    return (
      <Alone title={t('Set up Annals')}>
        <p>{t('The server wrote a link for the first owner to its terminal and into the file “setup-link” of its data folder. Open that link.')}</p>
      </Alone>
    )
  }
  const shownAtField = ['name', 'email', 'password', 'organization'].some((name) => fieldError(error, name, ['password_weak']))
  return (
    <Alone title={t('Set up Annals')}>
      <p className="muted">{t('You become the owner. Everybody else is invited by you.')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(async () => entered(await identity.setup({ token, ...form })))
        }}
      >
        <Stack gap="sm">
          <TextInput label={t('Organization')} autoComplete="organization" autoFocus {...text('organization')} />
          <TextInput label={t('Your name')} autoComplete="name" {...text('name')} />
          <TextInput label={t('E-mail address')} type="email" autoComplete="username" {...text('email')} />
          <PasswordInput label={t('Password')} description={t('Long is strong: a few words you do not use elsewhere.')} autoComplete="new-password" {...text('password')} />
          <ZoneSelect value={form.time_zone} onChange={(time_zone) => setForm({ ...form, time_zone })} />
          {error && !shownAtField && (
            <p className="wrong" role="alert">
              {error.message}
            </p>
          )}
          <Button type="submit" size="sm" loading={busy}>
            {t('Create the owner and sign in')}
          </Button>
        </Stack>
      </form>
    </Alone>
  )
}
