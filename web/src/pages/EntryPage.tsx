import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import type { RecordedEvent } from '../api/client'
import { countQuery, eventQuery } from '../api/events'
import { EntryView, ExportWithProof, listedWith } from '../entry/EntryView'
import { Copy } from '../parts/Copy'
import { Go } from '../parts/Go'
import { useKeys } from '../parts/keys'
import { type EventSearch, urls } from '../urls'
import { t } from '../words/i18n'

export default function EntryPage() {
  const { tenant, id } = useParams({ from: '/t/$tenant/events/$id' })
  const { part } = useSearch({ from: '/t/$tenant/events/$id' })
  const { data: event } = useSuspenseQuery(eventQuery(tenant, id))
  const navigate = useNavigate()
  const router = useRouter()
  // Beside a page there is no list: before and after are the places in the ledger.
  const size = useQuery({ ...countQuery({ tenant, tz: 'UTC' }), refetchInterval: 15_000 }).data?.as_of
  const newest = size !== undefined && event.sequence + 1 >= size
  const go = (sequence: number) => void (sequence >= 0 && !(newest && sequence > event.sequence) && router.navigate({ href: urls.entry(tenant, String(sequence)) }))
  useKeys({ j: () => go(event.sequence - 1), k: () => go(event.sequence + 1) })
  return (
    <div className="entry-page">
      <title>{`${event.display_id} · Annals`}</title>
      <header className="page-head">
        <h1 className="mono">{event.display_id}</h1>
        <Copy text={event.display_id} label={t('Copy the id')} />
        <span className="panel-tools">
          <Tooltip label={t('Before it in the ledger (j)')}>
            <ActionIcon color="gray" aria-label={t('Before it in the ledger')} onClick={() => go(event.sequence - 1)} disabled={event.sequence === 0}>
              <IconChevronLeft size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('After it in the ledger (k)')}>
            <ActionIcon color="gray" aria-label={t('After it in the ledger')} onClick={() => go(event.sequence + 1)} disabled={newest}>
              <IconChevronRight size={16} />
            </ActionIcon>
          </Tooltip>
          <ExportWithProof tenant={tenant} id={event.display_id} />
          <Button component={Go} to={urls.events(tenant, around(event))} variant="default">
            {t('In the list')}
          </Button>
        </span>
      </header>
      <EntryView tenant={tenant} event={event} part={part ?? 'summary'} show={(next) => void navigate({ to: '.', search: (next === 'summary' ? {} : { part: next }) as never, replace: true })} />
    </div>
  )
}

/** The list around the event: five minutes before and after. */
function around(event: RecordedEvent): EventSearch {
  const moment = Date.parse(event.occurred_at ?? event.received_at)
  return { from: new Date(moment - 300_000).toISOString(), to: new Date(moment + 300_000).toISOString(), own: listedWith(event), event: event.display_id }
}
