import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { clock } from '../api/clock'
import { type Key, keysQuery, managing } from '../api/identity'
import { DangerDialog, FormDialog, ShownOnce } from '../parts/Dialog'
import { Go } from '../parts/Go'
import { Sheet } from '../parts/Sheet'
import { Table } from '../parts/Table'
import { Time } from '../parts/Time'
import { confirmed } from '../session/confirm'
import { useMay, useNow, useTenant } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { DAY_MS } from '../words/time'

const SCOPES = [
  ['events:write', () => t('send events')],
  ['events:read', () => t('search, count, follow and export events')],
  ['ledger:read', () => t('read checkpoints, tiles and proofs')],
  ['admin', () => t('manage keys of no wider scopes, teams and settings')],
] as const

type Open = { kind: 'create' } | { kind: 'rotate' | 'revoke'; key: Key } | { kind: 'shown'; title: string; text: string }

export default function KeysPage() {
  const tenant = useTenant().name
  const now = useNow()
  const may = useMay('config.manage')
  const client = useQueryClient()
  const query = keysQuery(tenant)
  const { data: keys } = useSuspenseQuery(query)
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen((before) => (before?.kind === 'shown' ? before : undefined))
  const send = async <T,>(change: () => Promise<T>) => {
    const answered = await confirmed(change)
    await client.invalidateQueries({ queryKey: query.queryKey })
    return answered
  }
  const show = (name: string, text: string) => setOpen({ kind: 'shown', title: t('API key {{name}}', { name }), text })
  return (
    <Sheet title={t('API keys')} actions={may && <Button onClick={() => setOpen({ kind: 'create' })}>{t('Create a key')}</Button>}>
      {keys.length > 0 && (
        <Table
          label={t('API keys')}
          rows={keys}
          id={(key) => key.id}
          columns={[
            { words: t('Name'), cell: (key) => <KeyName tenant={tenant} apiKey={key} /> },
            { words: t('Begins'), mono: true, cell: (key) => `${key.prefix}…` },
            {
              words: t('Scopes'),
              cell: (key) =>
                key.scopes.map((scope) => (
                  <span key={scope} className="tag mono">
                    {scope}
                  </span>
                )),
            },
            { words: t('Environment'), cell: (key) => (key.environment ? <bdi>{key.environment}</bdi> : <span className="muted">{t('none')}</span>) },
            { words: t('Created'), cell: (key) => <Time value={key.created_at} now={now} /> },
            { words: t('Last used'), cell: (key) => <LastUse apiKey={key} now={now} /> },
            { words: t('State'), cell: (key) => <State apiKey={key} now={now} /> },
          ]}
          actions={
            may
              ? (key) =>
                  works(key, now) && (
                    <div className="actions">
                      <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'rotate', key })}>
                        {t('Rotate')}
                      </Button>
                      <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'revoke', key })}>
                        {t('Revoke')}
                      </Button>
                    </div>
                  )
              : undefined
          }
        />
      )}
      {keys.length === 0 && <p className="muted">{t('No key yet. An application needs one with the scope events:write to send events.')}</p>}
      {open?.kind === 'create' && (
        <CreateKey
          close={close}
          act={async (body) => {
            const { text } = await send(() => managing.createKey(tenant, body))
            show(body.name, text)
          }}
        />
      )}
      {open?.kind === 'rotate' && (
        <RotateKey
          name={open.key.name}
          close={close}
          act={async (overlap_hours) => {
            const { text } = await send(() => managing.rotateKey(tenant, open.key.id, { overlap_hours }))
            show(open.key.name, text)
          }}
        />
      )}
      {open?.kind === 'revoke' && (
        <DangerDialog title={t('Revoke the key {{name}}', { name: open.key.name })} name={open.key.name} submit={t('Revoke the key')} record={{ tenant, action: 'annals.key.revoke', target: open.key.id }} close={close} act={() => send(() => managing.revokeKey(tenant, open.key.id))}>
          {t('It stops working at once and cannot be brought back. What was sent with it stays. Applications that use it need another one first.')}
        </DangerDialog>
      )}
      {open?.kind === 'shown' && <ShownOnce title={open.title} text={open.text} words={t('The key is shown only now. Annals keeps only its hash.')} close={() => setOpen(undefined)} />}
    </Sheet>
  )
}

function works(key: Key, now: Date): boolean {
  return !key.revoked_at && !(key.expires_at && Date.parse(key.expires_at) <= now.getTime())
}

function KeyName({ tenant, apiKey }: { tenant: string; apiKey: Key }) {
  return (
    <>
      <Go to={urls.events(tenant, { q: `key:${apiKey.id}`, range: 'all' })} title={apiKey.id}>
        <bdi>{apiKey.name}</bdi>
      </Go>
      {apiKey.app && (
        <span className="muted small">
          {' '}
          {t('for')} <bdi>{apiKey.app}</bdi>
        </span>
      )}
    </>
  )
}

function LastUse({ apiKey, now }: { apiKey: Key; now: Date }) {
  if (!apiKey.last_used_at) return <span className="muted">{t('never')}</span>
  return (
    <>
      <Time value={apiKey.last_used_at} now={now} /> <span className="mono muted small">{apiKey.last_used_from}</span>
    </>
  )
}

function State({ apiKey, now }: { apiKey: Key; now: Date }) {
  if (apiKey.revoked_at) return <span className="wrong">{t('revoked')}</span>
  if (!apiKey.expires_at) return t('active')
  const live = works(apiKey, now)
  return (
    <span className={live ? undefined : 'wrong'}>
      {live ? t('until') : t('expired')} <Time value={apiKey.expires_at} now={now} />
    </span>
  )
}

function CreateKey({ close, act }: { close: () => void; act: (key: Schemas['NewKey']) => Promise<void> }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>(['events:write'])
  const [environment, setEnvironment] = useState('')
  const [app, setApp] = useState('')
  const [days, setDays] = useState('')
  const body = (): Schemas['NewKey'] => ({
    name: name.trim(),
    scopes,
    environment: environment.trim() || undefined,
    app: app.trim() || undefined,
    expires_at: days ? new Date(clock.now().getTime() + Number(days) * DAY_MS).toISOString() : undefined,
  })
  return (
    <FormDialog title={t('Create a key')} submit={t('Create the key')} close={close} ready={name.trim() !== '' && scopes.length > 0} act={() => act(body())}>
      <TextInput label={t('Name')} value={name} onChange={(event) => setName(event.currentTarget.value)} required data-autofocus maxLength={100} />
      <Checkbox.Group label={t('Scopes')} value={scopes} onChange={setScopes}>
        <div className="checks">
          {SCOPES.map(([scope, words]) => (
            <Checkbox key={scope} size="xs" value={scope} label={`${scope}: ${words()}`} />
          ))}
        </div>
      </Checkbox.Group>
      <TextInput label={t('Environment')} description={t('Such as production or test')} value={environment} onChange={(event) => setEnvironment(event.currentTarget.value)} />
      <TextInput label={t('Application')} description={t('Events sent with the key must name this application; empty: any')} value={app} onChange={(event) => setApp(event.currentTarget.value)} />
      <Select
        label={t('Expires')}
        data={[
          { value: '', label: t('never') },
          { value: '30', label: t('in 30 days') },
          { value: '90', label: t('in 90 days') },
          { value: '365', label: t('in a year') },
        ]}
        value={days}
        onChange={(next) => setDays(next ?? '')}
        allowDeselect={false}
      />
    </FormDialog>
  )
}

function RotateKey({ name, close, act }: { name: string; close: () => void; act: (hours: number) => Promise<void> }) {
  const [hours, setHours] = useState('24')
  return (
    <FormDialog title={t('Rotate the key {{name}}', { name })} submit={t('Make the new key')} close={close} act={() => act(Number(hours))}>
      <p>{t('A new key with the same scopes is made. The old one goes on working for a while, so that applications can change over.')}</p>
      <Select
        label={t('The old key works for')}
        data={[
          { value: '0', label: t('no longer') },
          { value: '1', label: t('an hour') },
          { value: '24', label: t('a day') },
          { value: '168', label: t('7 days') },
          { value: '720', label: t('30 days') },
        ]}
        value={hours}
        onChange={(next) => next && setHours(next)}
        allowDeselect={false}
      />
    </FormDialog>
  )
}
