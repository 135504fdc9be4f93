import { Button, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client'
import { type Tenant, sessionQuery, tenantsQuery } from '../api/identity'
import { DangerDialog, FormDialog } from '../parts/Dialog'
import { Go } from '../parts/Go'
import { Sheet } from '../parts/Sheet'
import { Time } from '../parts/Time'
import { confirmed } from '../session/confirm'
import { useNow, useSession, useTenant } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'

type Open = { kind: 'create' } | { kind: 'rename' | 'suspend' | 'delete' | 'confirm'; tenant: Tenant }

export default function TenantsPage() {
  const here = useTenant().name
  const session = useSession()
  const now = useNow()
  const client = useQueryClient()
  const query = tenantsQuery(here)
  const { data: tenants } = useSuspenseQuery(query)
  const [open, setOpen] = useState<Open>()
  const [wrong, setWrong] = useState<string>()
  const close = () => setOpen(undefined)
  const send = async (method: string, path: string, body?: unknown) => {
    const about = /^\/v1\/tenants\/([^/]+)/.exec(path)?.[1] ?? here
    await confirmed(() => call(method, path, { query: { tenant: decodeURIComponent(about) }, body }))
    await Promise.all([client.invalidateQueries({ queryKey: query.queryKey }), client.invalidateQueries({ queryKey: sessionQuery.queryKey })])
  }
  const quietly = (method: string, path: string) => {
    setWrong(undefined)
    send(method, path, method === 'DELETE' ? undefined : {}).catch((error: Error) => setWrong(error.message))
  }
  const path = (tenant: Tenant, rest = '') => `/v1/tenants/${encodeURIComponent(tenant.name)}${rest}`
  const role = (tenant: Tenant) => session.tenants.find((one) => one.name === tenant.name)
  const mayCreate = session.tenants.some((one) => one.name === 'main' && one.role === 'owner')
  return (
    <Sheet title={t('Tenants')} actions={mayCreate && <Button onClick={() => setOpen({ kind: 'create' })}>{t('Create a tenant')}</Button>}>
      <p className="muted prose">{t('Each tenant has a ledger, a signing key, people and keys of its own; nothing is shared between two.')}</p>
      {wrong && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t('Tenants')}>
        <table className="plain">
          <thead>
            <tr>
              <th>{t('Organization')}</th>
              <th>{t('Name')}</th>
              <th>{t('State')}</th>
              <th>{t('Created')}</th>
              <th>
                <span className="hidden">{t('Actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tenants.map((tenant) => (
              <tr key={tenant.name}>
                <td>
                  <Go to={urls.overview(tenant.name)}>
                    <bdi>{tenant.organization || tenant.name}</bdi>
                  </Go>
                </td>
                <td className="mono">{tenant.name}</td>
                <td>
                  {tenant.state}
                  {tenant.deletion && (
                    <span className="wrong small">
                      {' '}
                      {t('deletion asked for by {{who}}', { who: tenant.deletion.requested_by })} <Time value={tenant.deletion.requested_at} now={now} />
                    </span>
                  )}
                </td>
                <td>
                  <Time value={tenant.created_at} now={now} />
                </td>
                <td>
                  {role(tenant)?.permissions.includes('tenants.manage') && (
                    <div className="actions">
                      <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'rename', tenant })}>
                        {t('Rename')}
                      </Button>
                      {tenant.state === 'suspended' ? (
                        <Button size="compact-sm" variant="default" onClick={() => quietly('POST', path(tenant, '/resume'))}>
                          {t('Resume')}
                        </Button>
                      ) : (
                        <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'suspend', tenant })}>
                          {t('Suspend')}
                        </Button>
                      )}
                      {tenant.deletion ? (
                        <>
                          <Button size="compact-sm" variant="default" onClick={() => quietly('DELETE', path(tenant, '/deletion'))}>
                            {t('Withdraw the deletion')}
                          </Button>
                          <Button size="compact-sm" color="red" onClick={() => setOpen({ kind: 'confirm', tenant })}>
                            {t('Confirm the deletion')}
                          </Button>
                        </>
                      ) : (
                        <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'delete', tenant })}>
                          {t('Delete')}
                        </Button>
                      )}
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {open?.kind === 'create' && <EditTenant close={close} act={(body) => send('POST', '/v1/tenants', body)} />}
      {open?.kind === 'rename' && <EditTenant tenant={open.tenant} close={close} act={({ organization }) => send('PATCH', path(open.tenant), { organization })} />}
      {open?.kind === 'suspend' && (
        <DangerDialog title={t('Suspend {{name}}', { name: open.tenant.name })} name={open.tenant.name} submit={t('Suspend the tenant')} close={close} act={() => send('POST', path(open.tenant, '/suspend'), {})}>
          {t('Nothing can be sent to it or read from it until it is resumed. Everything stays.')}
        </DangerDialog>
      )}
      {open?.kind === 'delete' && (
        <DangerDialog title={t('Ask for the deletion of {{name}}', { name: open.tenant.name })} name={open.tenant.name} submit={t('Ask for the deletion')} close={close} act={() => send('POST', path(open.tenant, '/deletion'), {})}>
          {t('A second owner must confirm it. Until then nothing is deleted, and it can be withdrawn.')}
        </DangerDialog>
      )}
      {open?.kind === 'confirm' && (
        <DangerDialog title={t('Delete {{name}}', { name: open.tenant.name })} name={open.tenant.name} submit={t('Delete the tenant and its ledger')} close={close} act={() => send('POST', path(open.tenant, '/deletion/confirm'), {})}>
          {t('The ledger with all its events, its key, people and settings are deleted for good. Proofs that were exported still hold.')}
        </DangerDialog>
      )}
    </Sheet>
  )
}

function EditTenant({ tenant, close, act }: { tenant?: Tenant; close: () => void; act: (body: { name: string; organization: string }) => Promise<void> }) {
  const [name, setName] = useState(tenant?.name ?? '')
  const [organization, setOrganization] = useState(tenant?.organization ?? '')
  const named = /^[a-z0-9][a-z0-9-]{0,62}$/.test(name)
  return (
    <FormDialog title={tenant ? t('Rename the organization') : t('Create a tenant')} submit={tenant ? t('Save the name') : t('Create the tenant')} close={close} ready={named && organization.trim() !== ''} act={() => act({ name, organization: organization.trim() })}>
      <TextInput label={t('Organization')} value={organization} onChange={(event) => setOrganization(event.currentTarget.value)} required data-autofocus />
      {!tenant && (
        <TextInput
          label={t('Name')}
          description={t('Small letters, digits and hyphens; it stands in addresses and proofs and cannot be changed')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={name && !named ? t('Small letters, digits and hyphens, 63 at most') : undefined}
          required
        />
      )}
    </FormDialog>
  )
}
