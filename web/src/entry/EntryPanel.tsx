import { ActionIcon, Tooltip } from '@mantine/core'
import { IconArrowsMaximize, IconChevronDown, IconChevronUp, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { eventQuery } from '../api/events'
import type { EventsState } from '../events/state'
import { Copy } from '../parts/Copy'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { EntryView, ExportWithProof } from './EntryView'

/** Once the panel is gone, what had the focus in it is too: it goes to the row of the event, else to the list. */
function backToList(id: string): void {
  if (document.activeElement && document.activeElement !== document.body) return
  const list = document.querySelector<HTMLElement>('.table-scroll')
  const links = [...(list?.querySelectorAll<HTMLAnchorElement>('.row a') ?? [])]
  const row = links.find((link) => new URL(link.href).searchParams.get('event') === id)
  ;(row ?? list)?.focus({ preventScroll: true })
}

/** The open event beside its list. The list's keys still walk it. */
export default function EntryPanel({ id, state }: { id: string; state: EventsState }) {
  const tenant = state.selection.tenant
  const { data, error, refetch, isPending } = useQuery(eventQuery(tenant, id))
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    box.current?.querySelector('.panel-body')?.scrollTo({ top: 0 })
  }, [id])
  const shown = useRef(id)
  useEffect(() => {
    shown.current = id
  }, [id])
  useEffect(() => () => backToList(shown.current), [])
  const key = (name: string) => window.dispatchEvent(new KeyboardEvent('keydown', { key: name }))
  return (
    <aside className="panel" ref={box} aria-label={t('Event {{id}}', { id })} aria-busy={isPending}>
      <header className="panel-head">
        <h2 className="mono">{data?.display_id ?? id}</h2>
        <Copy text={new URL(urls.entry(tenant, id), window.location.href).href} label={t('Copy the link to the event')} />
        <span className="panel-tools">
          <Tooltip label={t('Previous (k)')}>
            <ActionIcon color="gray" aria-label={t('Previous event')} onClick={() => key('k')}>
              <IconChevronUp size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('Next (j)')}>
            <ActionIcon color="gray" aria-label={t('Next event')} onClick={() => key('j')}>
              <IconChevronDown size={16} />
            </ActionIcon>
          </Tooltip>
          <ExportWithProof tenant={tenant} id={id} />
          <Tooltip label={t('As a page')}>
            <ActionIcon component={Go} to={urls.entry(tenant, id)} color="gray" aria-label={t('As a page')}>
              <IconArrowsMaximize size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('Close (Esc)')}>
            <ActionIcon color="gray" aria-label={t('Close')} onClick={() => state.set({ event: undefined, part: undefined })}>
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        </span>
      </header>
      <div className="panel-body" tabIndex={0} role="region" aria-label={t('Contents of the event')}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {data && <EntryView tenant={tenant} event={data} part={state.search.part ?? 'summary'} show={(part) => state.set({ part: part === 'summary' ? undefined : part }, 'replace')} filter={state} />}
      </div>
    </aside>
  )
}
