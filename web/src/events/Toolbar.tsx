import { ActionIcon, Button, Menu, Popover, Switch, TextInput, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconBookmark, IconBroadcast, IconChartBar, IconColumns3, IconDownload, IconFilter, IconLink, IconPencil, IconRefresh, IconTable } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { type SavedSearch, managing, searchesQuery } from '../api/identity'
import { useCopied } from '../parts/Copy'
import { FormDialog } from '../parts/Dialog'
import { useLasting } from '../parts/useLasting'
import { useTry } from '../parts/useTry'
import { confirmed } from '../session/confirm'
import { useChoose, useMay, usePreferences, useSession } from '../session/session'
import { eventSearch } from '../urls'
import { t } from '../words/i18n'
import { number } from '../words/time'
import { COLUMNS, DEFAULT_COLUMNS, columnsOf } from './columns'
import { type ExportFormat, startExport } from './exports'
import type { Live } from './live'
import type { EventsState } from './state'
import type { RowsNow } from './useRows'

interface Props {
  state: EventsState
  now: RowsNow
  live: Live
  facets: boolean
  toggleFacets: () => void
  /** Where the screen is narrow the filters lie over it. */
  showFacets: () => void
  again: () => void
}

/** A question that takes longer can be given up. */
const SLOW_MS = 800

/** How many events there are, and what can be done with them. */
export function Toolbar({ state, now: { view, stale, cancelled, cancel }, live, facets, toggleFacets, showFacets, again }: Props) {
  const link = useCopied()
  const { search } = state
  const total = view.total + live.came
  const loading = (view.state === 'loading' || stale) && !cancelled
  const slow = useLasting(loading, SLOW_MS)
  const client = useQueryClient()
  return (
    <div className="toolbar">
      <Tooltip label={t('Show or hide the filters')}>
        <ActionIcon color="gray" aria-label={t('Show or hide the filters')} aria-pressed={facets} onClick={toggleFacets} className="only-wide">
          <IconFilter size={16} />
        </ActionIcon>
      </Tooltip>
      <Button size="compact-sm" variant="default" leftSection={<IconFilter size={14} />} onClick={showFacets} className="only-narrow">
        {t('Filters')}
      </Button>
      <p className="total" role="status" aria-live="polite">
        {cancelled ? t('Cancelled') : view.state === 'loading' ? t('Counting …') : view.state === 'failed' ? '' : t('{{shown}} events', { shown: number(total), count: total })}
        {loading && view.state !== 'loading' && <span className="muted"> …</span>}
      </p>
      {slow && (
        <button
          type="button"
          className="link small"
          onClick={() => {
            cancel()
            void client.cancelQueries({ queryKey: [state.selection.tenant] })
          }}
        >
          {t('Cancel')}
        </button>
      )}
      {(view.ownLeftOut > 0 || search.own) && (
        <button type="button" className="link small" onClick={() => state.set({ own: search.own ? undefined : 'include' })}>
          {search.own ? t('Leave Annals’ own events out') : t("{{shown}} of Annals' own events left out", { shown: number(view.ownLeftOut), count: view.ownLeftOut })}
        </button>
      )}
      <div className="toolbar-right">
        <Tooltip label={t('Follow new events')}>
          <Button size="compact-sm" variant={search.live ? 'filled' : 'default'} leftSection={<IconBroadcast size={14} />} aria-pressed={search.live === '1'} onClick={() => state.set(search.live ? { live: undefined } : { live: '1', to: undefined, order: undefined })}>
            {search.live && live.state !== 'open' ? { off: t('Live'), opening: t('Connecting'), broken: t('Reconnecting') }[live.state] : t('Live')}
          </Button>
        </Tooltip>
        <Tooltip label={t('Ask again')}>
          <ActionIcon color="gray" aria-label={t('Ask again')} onClick={again}>
            <IconRefresh size={16} />
          </ActionIcon>
        </Tooltip>
        <SplitMenu state={state} />
        <ColumnsMenu state={state} />
        <Tooltip label={link.words ?? t('Copy the link to this view')}>
          <ActionIcon
            color="gray"
            aria-label={t('Copy the link to this view')}
            onClick={() => link.copy(window.location.href)}
          >
            <IconLink size={16} />
          </ActionIcon>
        </Tooltip>
        <SavedSearches state={state} />
        <ExportMenu state={state} total={total} />
      </div>
    </div>
  )
}

function SplitMenu({ state }: { state: EventsState }) {
  const { search } = state
  const splits = [
    [undefined, t('by category')],
    ['outcome', t('by outcome')],
    ['severity', t('by severity')],
  ] as const
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t('The chart')}>
          <ActionIcon color="gray" aria-label={t('The chart')}>
            <IconChartBar size={16} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('Bars')}</Menu.Label>
        {splits.map(([split, words]) => (
          <Menu.Item key={words} onClick={() => state.set({ split })} aria-current={search.split === split || undefined}>
            {search.split === split ? <strong>{words}</strong> : words}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconTable size={14} />} onClick={() => state.set({ chart: search.chart ? undefined : 'table' })} rightSection={<kbd>v</kbd>}>
          {search.chart ? t('As a chart') : t('As a table')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function ColumnsMenu({ state }: { state: EventsState }) {
  const preferences = usePreferences()
  const choose = useChoose()
  const shown = columnsOf(state.search.columns ?? preferences.columns).map((column) => column.id)
  const set = (ids: string[]) => {
    const columns = ids.join(',')
    // The choice is the person's; the address carries it only where somebody sent it along.
    choose({ columns: columns === DEFAULT_COLUMNS ? undefined : columns })
    if (state.search.columns) state.set({ columns }, 'replace')
  }
  const swap = (place: number, by: number) => {
    const next = [...shown]
    const [moved] = next.splice(place, 1)
    next.splice(place + by, 0, moved!)
    set(next)
  }
  // One list, so that a column is the same line before and after it is chosen, and keeps the focus.
  const listed = [...shown.map((id) => COLUMNS.find((column) => column.id === id)!), ...COLUMNS.filter((column) => !shown.includes(column.id))]
  return (
    <Popover position="bottom-end" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={t('Columns and density')}>
          <ActionIcon color="gray" aria-label={t('Columns and density')}>
            <IconColumns3 size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown className="columns-menu" aria-label={t('Columns and density')} p={4}>
        <h2 className="popup-title">{t('Rows')}</h2>
        <Button variant="subtle" color="gray" fullWidth justify="start" onClick={() => choose({ density: preferences.density === 'roomy' ? 'dense' : 'roomy' })}>
          {preferences.density === 'roomy' ? t('Make rows dense') : t('Make rows roomy')}
        </Button>
        <h2 className="popup-title">{t('Columns')}</h2>
        {listed.map((column, place) => {
          const words = column.words()
          const chosen = place < shown.length
          // At the end it does nothing, and keeps the focus.
          const move = (label: string, Icon: typeof IconArrowUp, by: number) => {
            const idle = place + by < 0 || place + by >= shown.length
            return (
              <ActionIcon size={24} color="gray" aria-label={label} aria-disabled={idle} data-disabled={idle || undefined} onClick={() => !idle && swap(place, by)}>
                <Icon size={14} />
              </ActionIcon>
            )
          }
          return (
            <div key={column.id} className="column-line">
              <label>
                <input type="checkbox" checked={chosen} disabled={chosen && shown.length === 1} onChange={() => set(chosen ? shown.filter((one) => one !== column.id) : [...shown, column.id])} /> {words}
              </label>
              {chosen && move(t('Move {{column}} to the left', { column: words }), IconArrowUp, -1)}
              {chosen && move(t('Move {{column}} to the right', { column: words }), IconArrowDown, 1)}
            </div>
          )
        })}
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          justify="start"
          onClick={() => {
            choose({ widths: undefined })
            set(DEFAULT_COLUMNS.split(','))
          }}
        >
          {t('The usual columns')}
        </Button>
      </Popover.Dropdown>
    </Popover>
  )
}

function SavedSearches({ state }: { state: EventsState }) {
  const tenant = state.selection.tenant
  const client = useQueryClient()
  const { person } = useSession()
  const mayShare = useMay('config.manage')
  const { data, error: listError } = useQuery(searchesQuery(tenant))
  const [menu, setMenu] = useState(false)
  const [saving, setSaving] = useState(false)
  const removal = useTry()
  const [removing, setRemoving] = useState<string>()
  const [renaming, setRenaming] = useState<SavedSearch>()
  const dropdown = useRef<HTMLDivElement>(null)
  // The line that was deleted has gone with the focus.
  useEffect(() => {
    if (menu && document.activeElement === document.body) dropdown.current?.focus()
  }, [menu, data])
  const refresh = () => client.invalidateQueries({ queryKey: searchesQuery(tenant).queryKey })
  const open = (one: SavedSearch) => state.set({ ...emptied(state.search), ...eventSearch({ ...one.params, q: one.query }) })
  const rename = (one: SavedSearch) => {
    setMenu(false)
    setRenaming(one)
  }
  // The second click deletes.
  const remove = (one: SavedSearch) => {
    if (removing !== one.id) return setRemoving(one.id)
    setRemoving(undefined)
    void removal.run(async () => {
      await confirmed(() => managing.deleteSearch(tenant, one.id))
      await refresh()
    })
  }
  const list = (searches: SavedSearch[], words: string) =>
    searches.length > 0 && (
      <>
        <Menu.Label>{words}</Menu.Label>
        {searches.map((one) => (
          <div key={one.id} className="saved-line">
            <Menu.Item onClick={() => open(one)}>
              <bdi>{one.name}</bdi>
            </Menu.Item>
            {(one.owner === person.id || mayShare) && (
              <>
                <button type="button" className="value-minus" aria-label={t('Rename {{name}}', { name: one.name })} title={t('Rename')} onClick={() => rename(one)}>
                  <IconPencil size={12} aria-hidden />
                </button>
                <button type="button" className="value-minus" aria-label={t('Delete {{name}}', { name: one.name })} title={t('Delete')} onClick={() => remove(one)}>
                  {removing === one.id ? (one.shared ? t('Delete for everybody?') : t('Delete?')) : '×'}
                </button>
              </>
            )}
          </div>
        ))}
      </>
    )
  return (
    <>
      <Menu position="bottom-end" width={280} opened={menu} onChange={setMenu}>
        <Menu.Target>
          <Button size="compact-sm" variant="default" leftSection={<IconBookmark size={14} />}>
            {t('Saved')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown ref={dropdown}>
          {list((data ?? []).filter((one) => !one.shared), t('Yours'))}
          {list((data ?? []).filter((one) => one.shared), t('Shared'))}
          {removal.error && (
            <Menu.Label role="alert" className="wrong">
              {t('Not deleted: {{why}}', { why: removal.error.message })}
            </Menu.Label>
          )}
          {listError && <Menu.Label>{listError.message}</Menu.Label>}
          {data?.length === 0 && <Menu.Label>{t('No search is saved yet')}</Menu.Label>}
          <Menu.Divider />
          <Menu.Item leftSection={<IconBookmark size={14} />} onClick={() => setSaving(true)}>
            {t('Save this search …')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {renaming && <RenameSearch tenant={tenant} search={renaming} close={() => setRenaming(undefined)} />}
      {saving && <SaveSearch state={state} known={data ?? []} close={() => setSaving(false)} />}
    </>
  )
}

/** Keeps the search with what else the address says. Under a name one already has it takes the place of that one. */
function SaveSearch({ state, known, close }: { state: EventsState; known: SavedSearch[]; close: () => void }) {
  const tenant = state.selection.tenant
  const client = useQueryClient()
  const { person } = useSession()
  const mayShare = useMay('config.manage')
  const [name, setName] = useState('')
  const [shared, setShared] = useState<boolean>()
  const same = known.find((one) => one.owner === person.id && sameName(one.name, name))
  const everybody = shared ?? same?.shared ?? false
  const save = async () => {
    const { q, event: _, part: __, moment: ___, ...params } = state.search
    const body = { name: name.trim(), query: q ?? '', params: { ...params }, shared: mayShare ? everybody : undefined }
    await confirmed(() => (same ? managing.changeSearch(tenant, same.id, body) : managing.saveSearch(tenant, body)))
    await client.invalidateQueries({ queryKey: searchesQuery(tenant).queryKey })
  }
  return (
    <FormDialog title={t('Save this search')} submit={same ? t('Replace the saved search') : t('Save the search')} close={close} act={save} ready={name.trim() !== ''}>
      <TextInput label={t('Name')} value={name} onChange={(event) => setName(event.currentTarget.value)} required maxLength={100} data-autofocus />
      {same && (
        <p className="notice" role="status">
          {t('You have a search “{{name}}” already. Replace it?', { name: same.name })} <bdi className="mono small">{same.query || t('every event')}</bdi>
        </p>
      )}
      <p className="muted small mono">
        <bdi>{state.search.q ?? t('every event')}</bdi>
      </p>
      {mayShare && <Switch label={t('Shared with everybody in this tenant')} checked={everybody} onChange={(event) => setShared(event.currentTarget.checked)} />}
    </FormDialog>
  )
}

function RenameSearch({ tenant, search, close }: { tenant: string; search: SavedSearch; close: () => void }) {
  const client = useQueryClient()
  const { data } = useQuery(searchesQuery(tenant))
  const [name, setName] = useState(search.name)
  const taken = (data ?? []).some((one) => one.id !== search.id && one.owner === search.owner && sameName(one.name, name))
  const rename = async () => {
    await confirmed(() => managing.changeSearch(tenant, search.id, { name: name.trim() }))
    await client.invalidateQueries({ queryKey: searchesQuery(tenant).queryKey })
  }
  return (
    <FormDialog title={t('Rename {{name}}', { name: search.name })} submit={t('Rename the search')} close={close} act={rename} ready={name.trim() !== '' && !taken}>
      <TextInput label={t('Name')} value={name} onChange={(event) => setName(event.currentTarget.value)} required maxLength={100} data-autofocus error={taken ? t('Another search has this name') : undefined} />
    </FormDialog>
  )
}

function sameName(one: string, other: string): boolean {
  return one.trim().toLocaleLowerCase() === other.trim().toLocaleLowerCase()
}

function emptied(search: object): Record<string, undefined> {
  return Object.fromEntries(Object.keys(search).map((name) => [name, undefined]))
}

function ExportMenu({ state, total }: { state: EventsState; total: number }) {
  const may = useMay('events.export')
  if (!may) return null
  const start = (format: ExportFormat) => void startExport(state.selection, format, state.search.order ?? 'desc', total)
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />} disabled={total === 0} aria-label={t('Export {{shown}} events', { shown: number(total), count: total })}>
          {t('Export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('Export {{shown}} events', { shown: number(total), count: total })}</Menu.Label>
        <Menu.Item onClick={() => start('csv')}>{t('CSV, for spreadsheets')}</Menu.Item>
        <Menu.Item onClick={() => start('ndjson')}>{t('NDJSON, one event a line')}</Menu.Item>
        <Menu.Item onClick={() => start('json')}>{t('JSON, one array')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
