import { Button, PasswordInput, Select, Stack, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { identity, ownSessionsQuery, sessionQuery } from '../api/identity'
import { Sheet } from '../parts/Sheet'
import { Table } from '../parts/Table'
import { Time } from '../parts/Time'
import { ZoneSelect } from '../parts/ZoneSelect'
import { useTry } from '../parts/useTry'
import { confirmed, useUnsent } from '../session/confirm'
import { useChoose, useChooseZone, useNow, usePreferences, useSession, useWeekStart, useZone } from '../session/session'
import { roleWord } from '../words/roles'
import { t } from '../words/i18n'
import { type WeekStart } from '../words/time'

export default function AccountPage() {
  const session = useSession()
  return (
    <Sheet title={t('Your account')}>
      <Profile key={session.person.name} />
      <Appearance />
      <Password />
      <Sessions />
      <section>
        <h2>{t('Tenants')}</h2>
        <table className="plain">
          <tbody>
            {session.tenants.map((tenant) => (
              <tr key={tenant.name}>
                <th scope="row">
                  <bdi>{tenant.organization || tenant.name}</bdi>
                </th>
                <td>{roleWord(tenant.role)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Sheet>
  )
}

function Profile() {
  const { person } = useSession()
  const client = useQueryClient()
  const [name, setName] = useState(person.name)
  const { busy, error, run } = useTry()
  useUnsent(name !== person.name)
  return (
    <section>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(async () => {
            await confirmed(() => identity.changeMe({ name: name.trim() }))
            await client.invalidateQueries({ queryKey: sessionQuery.queryKey })
          })
        }}
      >
        <Stack gap="sm" maw={400}>
          <TextInput label={t('Name')} value={name} onChange={(event) => setName(event.currentTarget.value)} error={error?.message} required />
          <p className="muted small">
            {t('E-mail address')}: <bdi>{person.email}</bdi>
          </p>
          <div>
            <Button type="submit" variant="default" loading={busy} disabled={!name.trim() || name.trim() === person.name}>
              {t('Save the name')}
            </Button>
          </div>
        </Stack>
      </form>
    </section>
  )
}

function Appearance() {
  const preferences = usePreferences()
  const zone = useZone()
  const weekStart = useWeekStart()
  const choose = useChoose()
  const chooseZone = useChooseZone()
  return (
    <section>
      <h2>{t('Times and look')}</h2>
      <Stack gap="sm" maw={400}>
        <ZoneSelect value={zone} onChange={chooseZone} />
        <Select
          label={t('Weeks begin on')}
          data={[
            { value: 'monday', label: t('Monday') },
            { value: 'sunday', label: t('Sunday') },
            { value: 'saturday', label: t('Saturday') },
          ]}
          value={weekStart}
          onChange={(next) => next && choose({ week_start: next as WeekStart })}
          allowDeselect={false}
        />
        <Select
          label={t('Theme')}
          data={[
            { value: 'light', label: t('Light') },
            { value: 'dark', label: t('Dark') },
            { value: 'auto', label: t('As the system') },
          ]}
          value={preferences.theme ?? 'auto'}
          onChange={(next) => next && choose({ theme: next as 'light' })}
          allowDeselect={false}
        />
        <Select
          label={t('Rows of tables')}
          data={[
            { value: 'dense', label: t('Dense') },
            { value: 'roomy', label: t('Roomy') },
          ]}
          value={preferences.density ?? 'dense'}
          onChange={(next) => next && choose({ density: next as 'dense' })}
          allowDeselect={false}
        />
      </Stack>
    </section>
  )
}

function Password() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [done, setDone] = useState(false)
  const client = useQueryClient()
  const { busy, error, run } = useTry()
  useUnsent(current !== '' || next !== '')
  return (
    <section>
      <h2>{t('Password')}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setDone(false)
          void run(async () => {
            await confirmed(() => identity.changePassword({ current, new: next }))
            await client.invalidateQueries({ queryKey: ownSessionsQuery.queryKey })
            setCurrent('')
            setNext('')
            setDone(true)
          })
        }}
      >
        <Stack gap="sm" maw={400}>
          <PasswordInput label={t('Current password')} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} autoComplete="current-password" required />
          <PasswordInput label={t('New password')} value={next} onChange={(event) => setNext(event.currentTarget.value)} autoComplete="new-password" required />
          {error && (
            <p className="wrong" role="alert">
              {error.message}
            </p>
          )}
          {done && <p role="status">{t('The password is changed; all your other sessions have ended.')}</p>}
          <div>
            <Button type="submit" variant="default" loading={busy} disabled={!current || !next}>
              {t('Change the password')}
            </Button>
          </div>
        </Stack>
      </form>
    </section>
  )
}

function Sessions() {
  const now = useNow()
  const client = useQueryClient()
  const { data } = useSuspenseQuery(ownSessionsQuery)
  const { error, run } = useTry()
  const end = (act: () => Promise<unknown>) =>
    void run(async () => {
      await confirmed(act)
      await client.invalidateQueries({ queryKey: ownSessionsQuery.queryKey })
    })
  return (
    <section>
      <div className="section-head">
        <h2>{t('Sessions')}</h2>
        {data.sessions.length > 1 && (
          <Button variant="default" onClick={() => end(identity.endOtherSessions)}>
            {t('End all others')}
          </Button>
        )}
      </div>
      {error && (
        <p className="wrong" role="alert">
          {error.message}
        </p>
      )}
      <Table
        label={t('Sessions')}
        rows={data.sessions}
        id={(one) => one.id}
        columns={[
          { words: t('Signed in'), cell: (one) => <Time value={one.created_at} now={now} /> },
          { words: t('Last used'), cell: (one) => <Time value={one.last_used_at} now={now} /> },
          { words: t('Address'), mono: true, cell: (one) => <bdi>{one.address ?? t('not recorded')}</bdi> },
          { words: t('Browser'), cell: (one) => <bdi>{one.user_agent ?? t('not recorded')}</bdi> },
        ]}
        actions={(one) =>
          one.current ? (
            <span className="tag">{t('this one')}</span>
          ) : (
            <Button size="compact-sm" variant="default" onClick={() => end(() => identity.endSession(one.id))}>
              {t('End')}
            </Button>
          )
        }
      />
    </section>
  )
}
