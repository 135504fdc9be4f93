import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { type Tenant, managing, peopleQuery, sessionQuery, tenantsQuery } from '../api/identity'
import { DangerDialog, FormDialog } from '../parts/Dialog'
import { Go } from '../parts/Go'
import { Sheet } from '../parts/Sheet'
import { Table } from '../parts/Table'
import { Time } from '../parts/Time'
import { confirmed } from '../session/confirm'
import { useNow, useSession, useTenant } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'

type Open = { kind: 'create' } | { kind: 'rename' | 'suspend' | 'delete' | 'confirm'; tenant: Tenant }

export default function TenantsPage() {
  const session = useSession()
  const here = useTenant().name
  const router = useRouter()
  const now = useNow()
  const client = useQueryClient()
  const { data: tenants } = useSuspenseQuery(tenantsQuery)
  const [open, setOpen] = useState<Open>()
  const [wrong, setWrong] = useState<string>()
  const close = () => setOpen(undefined)
  const send = async (change: () => Promise<unknown>) => {
    await confirmed(change)
    await Promise.all([client.invalidateQueries({ queryKey: tenantsQuery.queryKey }), client.invalidateQueries({ queryKey: sessionQuery.queryKey })])
  }
  const destroy = async (name: string) => {
    await confirmed(() => managing.confirmDeletion(name))
    // The page may stand on the tenant that is gone: off it before anything is asked again.
    const elsewhere = session.tenants.find((one) => one.name !== name)
    if (name === here) await router.navigate({ href: elsewhere ? urls.settings(elsewhere.name, 'tenants') : urls.home(), replace: true })
    await Promise.all([client.invalidateQueries({ queryKey: tenantsQuery.queryKey }), client.invalidateQueries({ queryKey: sessionQuery.queryKey })])
  }
  const quietly = (change: () => Promise<unknown>) => {
    setWrong(undefined)
    send(change).catch((error: Error) => setWrong(error.message))
  }
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
      <Table
        label={t('Tenants')}
        rows={tenants}
        id={(tenant) => tenant.name}
        columns={[
          {
            words: t('Organization'),
            cell: (tenant) => (
              <Go to={urls.overview(tenant.name)}>
                <bdi>{tenant.organization || tenant.name}</bdi>
              </Go>
            ),
          },
          { words: t('Name'), mono: true, cell: (tenant) => tenant.name },
          {
            words: t('State'),
            cell: (tenant) => (
              <>
                {tenant.state}
                {tenant.deletion && <Deletion tenant={tenant.name} deletion={tenant.deletion} now={now} />}
              </>
            ),
          },
          { words: t('Created'), cell: (tenant) => <Time value={tenant.created_at} now={now} /> },
        ]}
        actions={(tenant) =>
          role(tenant)?.permissions.includes('tenants.manage') && (
              <div className="actions">
                <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'rename', tenant })}>
                  {t('Rename')}
                </Button>
                {tenant.state === 'suspended' ? (
                  <Button size="compact-sm" variant="default" onClick={() => quietly(() => managing.resumeTenant(tenant.name))}>
                    {t('Resume')}
                  </Button>
                ) : (
                  <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'suspend', tenant })}>
                    {t('Suspend')}
                  </Button>
                )}
                {tenant.deletion ? (
                  <>
                    <Button size="compact-sm" variant="default" onClick={() => quietly(() => managing.withdrawDeletion(tenant.name))}>
                      {t('Withdraw the deletion')}
                    </Button>
                    {tenant.deletion.requested_by !== session.person.id && (
                      <Button size="compact-sm" color="red" onClick={() => setOpen({ kind: 'confirm', tenant })}>
                        {t('Confirm the deletion')}
                      </Button>
                    )}
                  </>
                ) : (
                  <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'delete', tenant })}>
                    {t('Delete')}
                  </Button>
                )}
              </div>
            )
        }
      />
      {open?.kind === 'create' && <EditTenant close={close} act={(body) => send(() => managing.createTenant(body))} />}
      {open?.kind === 'rename' && <EditTenant tenant={open.tenant} close={close} act={({ organization }) => send(() => managing.renameTenant(open.tenant.name, { organization }))} />}
      {open?.kind === 'suspend' && (
        <DangerDialog title={t('Suspend {{name}}', { name: open.tenant.name })} name={open.tenant.name} submit={t('Suspend the tenant')} close={close} act={() => send(() => managing.suspendTenant(open.tenant.name))}>
          {t('Nothing can be sent to it or read from it until it is resumed. Everything stays.')}
        </DangerDialog>
      )}
      {open?.kind === 'delete' && (
        <DangerDialog title={t('Ask for the deletion of {{name}}', { name: open.tenant.name })} name={open.tenant.name} submit={t('Ask for the deletion')} record={{ tenant: open.tenant.name, action: 'annals.tenant.deletion_request', target: open.tenant.name }} close={close} act={() => send(() => managing.requestDeletion(open.tenant.name))}>
          {t('A second owner must confirm it. Until then nothing is deleted, and it can be withdrawn.')}
        </DangerDialog>
      )}
      {open?.kind === 'confirm' && (
        <DangerDialog title={t('Delete {{name}}', { name: open.tenant.name })} name={open.tenant.name} submit={t('Delete the tenant and its ledger')} close={close} act={() => destroy(open.tenant.name)}>
          {t('The ledger with all its events, its key, people and settings are deleted for good. Proofs that were exported still hold.')}
        </DangerDialog>
      )}
    </Sheet>
  )
}

function Deletion({ tenant, deletion, now }: { tenant: string; deletion: NonNullable<Tenant['deletion']>; now: Date }) {
  const people = useQuery({ ...peopleQuery(tenant), retry: false })
  const who = people.data?.people.find((person) => person.id === deletion.requested_by)?.name ?? deletion.requested_by
  return (
    <span className="wrong small">
      {' '}
      <bdi>{t('deletion asked for by {{who}}', { who })}</bdi> <Time value={deletion.requested_at} now={now} />
    </span>
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
