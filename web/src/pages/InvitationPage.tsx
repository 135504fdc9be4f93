import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { identity } from '../api/identity'
import { Alone } from '../parts/Alone'
import { Failure } from '../parts/Failure'
import { ZoneSelect } from '../parts/ZoneSelect'
import { useTry } from '../parts/useTry'
import { entered } from '../routes'
import { fragmentToken } from '../urls'
import { t } from '../words/i18n'
import { browserZone } from '../words/time'
import { roleWord } from '../words/roles'

export default function InvitationPage() {
  const token = fragmentToken(useLocation({ select: (location) => location.hash }))
  const look = useQuery({ queryKey: ['invitation', token], queryFn: () => identity.lookAtInvitation(token!), enabled: token !== undefined, retry: false })
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [zone, setZone] = useState(browserZone)
  const { busy, error, run } = useTry()
  if (!token) {
    return (
      <Alone title={t('Invitation')}>
        <p>{t('This link is not complete. Copy all of it, with what stands behind #.')}</p>
      </Alone>
    )
  }
  if (look.error) {
    return (
      <Alone title={t('Invitation')}>
        <Failure error={look.error} />
        <p className="muted">{t('The person who invited you can make a new link.')}</p>
      </Alone>
    )
  }
  const invitation = look.data
  if (!invitation) return <Alone title={t('Invitation')}>{t('Looking it up …')}</Alone>
  const body = invitation.has_account ? { token, password } : { token, password, name, time_zone: zone }
  return (
    <Alone title={t('Join {{organization}}', { organization: invitation.organization })}>
      <p>
        {t('{{who}} invited {{email}} as {{role}}.', { who: invitation.invited_by, email: invitation.email, role: roleWord(invitation.role) })}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(async () => entered(await identity.acceptInvitation(body)))
        }}
      >
        <Stack gap="sm">
          {!invitation.has_account && <TextInput label={t('Your name')} value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="name" required autoFocus />}
          <PasswordInput
            label={invitation.has_account ? t('Password of your account') : t('Password')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete={invitation.has_account ? 'current-password' : 'new-password'}
            required
          />
          {!invitation.has_account && <ZoneSelect value={zone} onChange={setZone} />}
          {error && (
            <p className="wrong" role="alert">
              {error.message}
            </p>
          )}
          <Button type="submit" size="sm" loading={busy}>
            {t('Join')}
          </Button>
        </Stack>
      </form>
    </Alone>
  )
}
