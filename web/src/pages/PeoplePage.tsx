import { Button, Menu, Select, TextInput } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { type Person, ROLES, managing, peopleQuery } from '../api/identity'
import { DangerDialog, FormDialog, ShownOnce } from '../parts/Dialog'
import { Go } from '../parts/Go'
import { Sheet } from '../parts/Sheet'
import { Table } from '../parts/Table'
import { Time } from '../parts/Time'
import { confirmed } from '../session/confirm'
import { useMay, useNow, useSession, useTenant, useZone } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { roleMeaning, roleWord } from '../words/roles'
import { dateOnly, momentOf } from '../words/time'

type Open = { kind: 'invite' } | { kind: 'role' | 'remove' | 'reset'; person: Person } | { kind: 'link'; title: string; link: string }

export default function PeoplePage() {
  const tenant = useTenant()
  const session = useSession()
  const now = useNow()
  const may = useMay('people.manage')
  const client = useQueryClient()
  const query = peopleQuery(tenant.name)
  const { data } = useSuspenseQuery(query)
  const [open, setOpen] = useState<Open>()
  const [wrong, setWrong] = useState<string>()
  // A dialog that ends in a link gives way to it.
  const close = () => setOpen((before) => (before?.kind === 'link' ? before : undefined))
  const send = async <T,>(change: () => Promise<T>) => {
    const answered = await confirmed(change)
    await client.invalidateQueries({ queryKey: query.queryKey })
    return answered
  }
  const quietly = (change: () => Promise<unknown>) => {
    setWrong(undefined)
    send(change).catch((error: Error) => setWrong(error.message))
  }
  return (
    <Sheet title={t('People')} actions={may && <Button onClick={() => setOpen({ kind: 'invite' })}>{t('Invite a person')}</Button>}>
      {wrong && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
      <Table
        label={t('People')}
        rows={data.people}
        id={(person) => person.id}
        columns={[
          {
            words: t('Name'),
            cell: (person) => (
              <>
                <bdi>{person.name}</bdi> {person.id === session.person.id && <span className="muted">{t('(you)')}</span>}
              </>
            ),
          },
          { words: t('E-mail address'), cell: (person) => <bdi>{person.email}</bdi> },
          { words: t('Role'), cell: (person) => <RoleUntil role={person.role} until={person.role_until} /> },
          { words: t('Teams'), cell: (person) => (person.teams.length ? <bdi>{person.teams.join(', ')}</bdi> : <span className="muted">{t('none')}</span>) },
          { words: t('State'), cell: (person) => (person.state === 'active' ? t('active') : <span className="wrong">{t('disabled')}</span>) },
          { words: t('Last seen'), cell: (person) => (person.last_seen_at ? <Time value={person.last_seen_at} now={now} /> : <span className="muted">{t('never')}</span>) },
        ]}
        actions={(person) => (
          <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="subtle" color="gray" size="compact-sm" aria-label={t('Actions for {{name}}', { name: person.name })}>
                  <IconDots size={16} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item component={Go} to={urls.events(tenant.name, { q: `kind:own actor.id:${person.id}`, own: 'include', range: 'all' })}>
                  {t('What they did in Annals')}
                </Menu.Item>
                {may && (
                  <>
                    <Menu.Item onClick={() => setOpen({ kind: 'role', person })}>{t('Change the role …')}</Menu.Item>
                    <Menu.Item onClick={() => setOpen({ kind: 'reset', person })}>{t('Make a password reset link …')}</Menu.Item>
                    <Menu.Item onClick={() => quietly(() => managing.signPersonOut(tenant.name, person.id))}>{t('End all sessions')}</Menu.Item>
                    <Menu.Item onClick={() => quietly(() => managing.changePerson(tenant.name, person.id, { state: person.state === 'active' ? 'disabled' : 'active' }))}>{person.state === 'active' ? t('Disable') : t('Enable')}</Menu.Item>
                    <Menu.Item color="red" onClick={() => setOpen({ kind: 'remove', person })}>
                      {t('Remove from this tenant …')}
                    </Menu.Item>
                  </>
                )}
              </Menu.Dropdown>
            </Menu>
        )}
      />
      <section>
        <h2>{t('Open invitations')}</h2>
        {data.invitations.length === 0 ? (
          <p className="muted">{t('None.')}</p>
        ) : (
          <Table
            label={t('Open invitations')}
            rows={data.invitations}
            id={(invitation) => invitation.id}
            columns={[
              { words: t('E-mail address'), cell: (invitation) => <bdi>{invitation.email}</bdi> },
              { words: t('Role'), cell: (invitation) => <RoleUntil role={invitation.role} until={invitation.role_until} /> },
              { words: t('Invited by'), cell: (invitation) => <bdi>{data.people.find((person) => person.id === invitation.invited_by)?.name ?? invitation.invited_by}</bdi> },
              { words: t('Expires'), cell: (invitation) => <Time value={invitation.expires_at} now={now} /> },
            ]}
            actions={
              may
                ? (invitation) => (
                    <Button size="compact-sm" variant="default" onClick={() => quietly(() => managing.uninvite(tenant.name, invitation.id))}>
                      {t('Withdraw')}
                    </Button>
                  )
                : undefined
            }
          />
        )}
      </section>
      <section>
        <h2>{t('What the roles may')}</h2>
        <dl className="lines">
          {ROLES.map((role) => (
            <div key={role} className="line">
              <dt>{roleWord(role)}</dt>
              <dd>{roleMeaning(role)}</dd>
            </div>
          ))}
        </dl>
      </section>
      {open?.kind === 'invite' && (
        <Invite
          close={close}
          act={async (body) => {
            const { link } = await send(() => managing.invite(tenant.name, body))
            setOpen({ kind: 'link', title: t('Invitation of {{email}}', { email: body.email }), link })
          }}
        />
      )}
      {open?.kind === 'role' && <ChangeRole person={open.person} close={close} act={(body) => send(() => managing.changePerson(tenant.name, open.person.id, body))} />}
      {open?.kind === 'reset' && (
        <DangerDialog
          title={t('Reset the password of {{name}}', { name: open.person.name })}
          name={open.person.email}
          submit={t('Make the reset link')}
          close={close}
          act={async () => {
            const { link } = await send(() => managing.makeResetLink(tenant.name, open.person.id))
            setOpen({ kind: 'link', title: t('Reset link for {{name}}', { name: open.person.name }), link })
          }}
        >
          {t('Whoever has the link can set a new password. The old one works until then.')}
        </DangerDialog>
      )}
      {open?.kind === 'remove' && (
        <DangerDialog title={t('Remove {{name}}', { name: open.person.name })} name={open.person.email} submit={t('Remove the person')} record={{ tenant: tenant.name, action: 'annals.person.remove', target: open.person.id }} close={close} act={() => send(() => managing.removePerson(tenant.name, open.person.id))}>
          {t('The person leaves this tenant and its teams at once. What they did stays in the log.')}
        </DangerDialog>
      )}
      {open?.kind === 'link' && <ShownOnce title={open.title} text={open.link} words={t('Send this link to the person. It is shown only now and works once.')} close={() => setOpen(undefined)} />}
    </Sheet>
  )
}

function RoleUntil({ role, until }: { role: string; until: string | null | undefined }) {
  const zone = useZone()
  return (
    <>
      {roleWord(role)} {until && <span className="muted">{t('until {{date}}', { date: dateOnly(new Date(until), zone) })}</span>}
    </>
  )
}

const roleData = () => ROLES.map((role) => ({ value: role, label: `${roleWord(role)}: ${roleMeaning(role)}` }))

/** The end of the day typed in a date field, in the viewer's zone. */
function endOfDay(day: string, zone: string): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  return match ? momentOf({ year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) + 1, hour: 0, minute: 0, second: 0 }, zone).toISOString() : null
}

function Invite({ close, act }: { close: () => void; act: (body: Schemas['NewInvitation']) => Promise<void> }) {
  const zone = useZone()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<string>('viewer')
  const [until, setUntil] = useState('')
  return (
    <FormDialog
      title={t('Invite a person')}
      submit={t('Make the invitation')}
      close={close}
      ready={/.+@.+/.test(email)}
      act={() => act({ email: email.trim(), role, role_until: endOfDay(until, zone) ?? undefined })}
    >
      <TextInput label={t('E-mail address')} type="email" value={email} onChange={(event) => setEmail(event.currentTarget.value)} required data-autofocus />
      <Select label={t('Role')} data={roleData()} value={role} onChange={(next) => next && setRole(next)} allowDeselect={false} />
      <TextInput label={t('Role ends after')} description={t('Empty: it stays')} type="date" value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
    </FormDialog>
  )
}

function ChangeRole({ person, close, act }: { person: Person; close: () => void; act: (body: Schemas['MemberChange']) => Promise<unknown> }) {
  const zone = useZone()
  const [role, setRole] = useState(person.role)
  const [until, setUntil] = useState(person.role_until ? new Date(Date.parse(person.role_until) - 1).toISOString().slice(0, 10) : '')
  return (
    <FormDialog title={t('Role of {{name}}', { name: person.name })} submit={t('Change the role')} close={close} act={() => act({ role, role_until: endOfDay(until, zone) })}>
      <Select label={t('Role')} data={roleData()} value={role} onChange={(next) => next && setRole(next)} allowDeselect={false} />
      <TextInput label={t('Role ends after')} description={t('Empty: it stays')} type="date" value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
    </FormDialog>
  )
}
