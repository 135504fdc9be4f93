import { Button, Stack, TagsInput, TextInput } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { topQuery } from '../api/events'
import { managing, sessionQuery, settingsQuery } from '../api/identity'
import { Copy } from '../parts/Copy'
import { Sheet } from '../parts/Sheet'
import { useTry } from '../parts/useTry'
import { fetchText } from '../api/events'
import { confirmed, useUnsent } from '../session/confirm'
import { useMay, useTenant } from '../session/session'
import { t } from '../words/i18n'

export default function GeneralPage() {
  const tenant = useTenant().name
  const may = useMay('config.manage')
  const mayLog = useMay('log.read')
  const client = useQueryClient()
  const query = settingsQuery(tenant)
  const { data } = useSuspenseQuery(query)
  const entities = useQuery(topQuery({ tenant, tz: 'UTC' }, 'target.type', 200))
  const vkey = useQuery({ queryKey: [tenant, 'vkey'], queryFn: ({ signal }) => fetchText(`/log/${encodeURIComponent(tenant)}/vkey`, 'text/plain', signal), enabled: mayLog })
  const [organization, setOrganization] = useState(data.organization ?? '')
  const [pinned, setPinned] = useState(data.pinned_entities ?? [])
  const [saved, setSaved] = useState(false)
  const { busy, error, run } = useTry()
  useUnsent(organization !== (data.organization ?? '') || pinned.join('\n') !== (data.pinned_entities ?? []).join('\n'))
  return (
    <Sheet title={t('General')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setSaved(false)
          void run(async () => {
            await confirmed(() => managing.saveSettings(tenant, { organization: organization.trim(), pinned_entities: pinned }))
            await Promise.all([client.invalidateQueries({ queryKey: query.queryKey }), client.invalidateQueries({ queryKey: sessionQuery.queryKey })])
            setSaved(true)
          })
        }}
      >
        <Stack gap="sm" maw={480}>
          <TextInput label={t('Organization')} value={organization} onChange={(event) => setOrganization(event.currentTarget.value)} disabled={!may} />
          <TagsInput
            label={t('Pinned entities')}
            description={t('Offered first in the entity filter. The list itself is learned from the events.')}
            data={entities.data?.values.map((one) => one.value) ?? []}
            value={pinned}
            onChange={setPinned}
            disabled={!may}
          />
          {error && (
            <p className="wrong" role="alert">
              {error.message}
            </p>
          )}
          {may && (
            <div className="buttons">
              <Button type="submit" loading={busy}>
                {t('Save the settings')}
              </Button>
              {saved && <span role="status">{t('Saved.')}</span>}
            </div>
          )}
        </Stack>
      </form>
      {mayLog && (
        <section className="prose">
          <h2>{t('Verifier key of this log')}</h2>
          <p className="muted">{t('Whoever checks proofs or the log needs it. Hand it on by another way than the events.')}</p>
          {vkey.data && (
            <p className="secret">
              <code className="mono">{vkey.data.trim()}</code> <Copy text={vkey.data.trim()} label={t('Copy the key')} />
            </p>
          )}
          {vkey.error && <p className="wrong">{vkey.error.message}</p>}
        </section>
      )}
    </Sheet>
  )
}
