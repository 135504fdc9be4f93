import { Button, MultiSelect, TagsInput, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Person, type Team, managing, peopleQuery, teamsQuery } from '../api/identity'
import { DangerDialog, FormDialog } from '../parts/Dialog'
import { Sheet } from '../parts/Sheet'
import { Table } from '../parts/Table'
import { confirmed } from '../session/confirm'
import { useMay, useTenant } from '../session/session'
import { t } from '../words/i18n'

export default function TeamsPage() {
  const tenant = useTenant().name
  const may = useMay('config.manage')
  const client = useQueryClient()
  const query = teamsQuery(tenant)
  const { data: teams } = useSuspenseQuery(query)
  const { data: people } = useSuspenseQuery(peopleQuery(tenant))
  const [open, setOpen] = useState<{ kind: 'edit'; team?: Team } | { kind: 'delete'; team: Team }>()
  const close = () => setOpen(undefined)
  const send = async (change: () => Promise<unknown>) => {
    await confirmed(change)
    await client.invalidateQueries({ queryKey: query.queryKey })
  }
  const nameOf = (id: string) => people.people.find((person) => person.id === id)?.name ?? id
  return (
    <Sheet title={t('Teams')} actions={may && <Button onClick={() => setOpen({ kind: 'edit' })}>{t('Add a team')}</Button>}>
      <p className="muted prose">{t('Alerts and reports go to teams. A team has members and may have further e-mail addresses.')}</p>
      <Table
        label={t('Teams')}
        rows={teams}
        id={(team) => team.id}
        columns={[
          { words: t('Name'), cell: (team) => <bdi>{team.name}</bdi> },
          { words: t('Members'), cell: (team) => (team.members.length ? <bdi>{team.members.map(nameOf).join(', ')}</bdi> : <span className="muted">{t('nobody yet')}</span>) },
          { words: t('Further addresses'), cell: (team) => (team.addresses.length ? <bdi>{team.addresses.join(', ')}</bdi> : <span className="muted">{t('none')}</span>) },
        ]}
        actions={
          may
            ? (team) => (
                <div className="actions">
                  <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'edit', team })}>
                    {t('Change')}
                  </Button>
                  <Button size="compact-sm" variant="default" onClick={() => setOpen({ kind: 'delete', team })}>
                    {t('Delete')}
                  </Button>
                </div>
              )
            : undefined
        }
      />
      {open?.kind === 'edit' && <EditTeam team={open.team} people={people.people} close={close} act={(body) => send(() => (open.team ? managing.changeTeam(tenant, open.team.id, body) : managing.createTeam(tenant, body)))} />}
      {open?.kind === 'delete' && (
        <DangerDialog title={t('Delete the team {{name}}', { name: open.team.name })} name={open.team.name} submit={t('Delete the team')} record={{ tenant, action: 'annals.team.delete', target: open.team.id }} close={close} act={() => send(() => managing.deleteTeam(tenant, open.team.id))}>
          {t('Its members stay in the tenant. What is sent to this team reaches nobody until it is sent elsewhere.')}
        </DangerDialog>
      )}
    </Sheet>
  )
}

function EditTeam({ team, people, close, act }: { team?: Team; people: Person[]; close: () => void; act: (body: Omit<Team, 'id'>) => Promise<void> }) {
  const [name, setName] = useState(team?.name ?? '')
  const [members, setMembers] = useState(team?.members ?? [])
  const [addresses, setAddresses] = useState(team?.addresses ?? [])
  return (
    <FormDialog title={team ? t('Change the team') : t('Add a team')} submit={team ? t('Save the team') : t('Add the team')} close={close} ready={name.trim() !== ''} act={() => act({ name: name.trim(), members, addresses })}>
      <TextInput label={t('Name')} value={name} onChange={(event) => setName(event.currentTarget.value)} required data-autofocus />
      <MultiSelect label={t('Members')} data={people.map((person) => ({ value: person.id, label: `${person.name} (${person.email})` }))} value={members} onChange={setMembers} renderOption={({ option }) => <bdi>{option.label}</bdi>} searchable />
      <TagsInput label={t('Further e-mail addresses')} description={t('Enter after each')} value={addresses} onChange={setAddresses} />
    </FormDialog>
  )
}
