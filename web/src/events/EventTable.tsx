import { type ColumnDef, type ColumnSizingState, getCoreRowModel, useReactTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { type Ref, memo, useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react'
import type { RecordedEvent } from '../api/client'
import { useCopied } from '../parts/Copy'
import { Go } from '../parts/Go'
import { useKeys } from '../parts/keys'
import { Category, Outcome, Severity } from '../parts/marks'
import { Time } from '../parts/Time'
import { useNarrow } from '../parts/useNarrow'
import { useNow, usePreferences, useZone } from '../session/session'
import { urls } from '../urls'
import { outcomeOf, sentence } from '../words/event'
import { t } from '../words/i18n'
import { number } from '../words/time'
import { type Column, columnsOf } from './columns'
import type { Live } from './live'
import type { EventsState } from './state'
import type { RowsNow } from './useRows'

export interface TableHandle {
  focus: () => void
}

interface Props {
  state: EventsState
  now: RowsNow
  live: Live
  onScrolled: (away: boolean) => void
  ref?: Ref<TableHandle>
}

/** Rows drawn while nothing is known yet. */
const EXPECTED = 16

/** Browsers draw no element much taller than this; longer lists are scrolled in proportion. */
const TALLEST_PX = 12_000_000

/** The events of the selection: any number of rows, of which the visible ones exist. */
export function EventTable({ state, now: { rows, view, stale }, live, onScrolled, ref }: Props) {
  const preferences = usePreferences()
  const zone = useZone()
  const now = useNow()
  const narrow = useNarrow()
  const names = state.search.columns ?? preferences.columns
  const columns = useMemo(() => columnsOf(names), [names])
  const body = useRef<HTMLDivElement>(null)
  const [active, showActive] = useState(-1)
  // Keys come faster than pages are drawn: the next one counts from where the last one led.
  const place = useRef(-1)
  const setActive = useCallback((row: number) => {
    place.current = row
    showActive(row)
  }, [])
  const copied = useCopied()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const fresh = live.events.length
  // Before the first answer, rows of the size they will have.
  const waiting = view.state === 'loading'
  const count = waiting ? EXPECTED : view.total + fresh
  const rowHeight = narrow ? 86 : preferences.density === 'roomy' ? 40 : 32
  const size = Math.min(rowHeight, Math.max(1, TALLEST_PX / Math.max(count, 1)))
  const eventAt = (row: number): RecordedEvent | undefined => (row < fresh ? live.events[row] : rows?.at(row - fresh))

  const virtual = useVirtualizer({ count, getScrollElement: () => body.current, estimateSize: () => size, overscan: 6, getItemKey: (row) => (row < fresh ? `live ${live.events[row]?.sequence}` : row - fresh) })
  const items = virtual.getVirtualItems()
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0]
  useEffect(() => {
    rows?.want(first - fresh, last - fresh)
  }, [rows, first, last, fresh, view.version])
  useEffect(() => virtual.measure(), [virtual, size])
  // Another question begins at its top.
  useEffect(() => {
    body.current?.scrollTo({ top: 0 })
    setActive(-1)
    setSelected(new Set())
  }, [rows, setActive])

  const open = state.search.event
  // The same holds for what is open: the address changes before the page is drawn.
  const opened = useRef(open)
  useEffect(() => {
    opened.current = open
  }, [open])
  const placeOf = (id: string | undefined): number => {
    if (!id) return -1
    const top = live.events.findIndex((event) => event.display_id === id)
    if (top >= 0) return top
    const row = rows?.rowOf(id)
    return row === undefined ? -1 : row + fresh
  }
  const focusRow = (row: number) => {
    setActive(row)
    virtual.scrollToIndex(row, { align: 'auto' })
    // Once it is drawn, unless another key led on meanwhile.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (place.current === row && !opened.current) body.current?.querySelector<HTMLElement>(`[data-row="${row}"] a`)?.focus({ preventScroll: true })
      }),
    )
  }
  const move = (by: number) => {
    const from = place.current >= 0 ? place.current : placeOf(opened.current)
    const next = Math.min(count - 1, Math.max(0, from + by))
    if (count === 0) return
    const event = eventAt(next)
    // With an entry open, moving reads on; the place of reading stays in the panel.
    if (opened.current && event) {
      setActive(next)
      virtual.scrollToIndex(next, { align: 'auto' })
      opened.current = event.display_id
      state.set({ event: event.display_id }, 'replace')
    } else focusRow(next)
  }
  const openRow = (row: number) => {
    const event = eventAt(row)
    if (!event) return
    state.set({ event: event.display_id }, opened.current ? 'replace' : 'push')
    opened.current = event.display_id
  }
  const opener = useRef(openRow)
  useEffect(() => {
    opener.current = openRow
  })
  useImperativeHandle(ref, () => ({ focus: () => focusRow(Math.max(0, place.current)) }))
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: (event) => (inside(event, body.current) || open ? move(1) : false),
    ArrowUp: (event) => (inside(event, body.current) || open ? move(-1) : false),
    o: () => openRow(Math.max(0, place.current)),
    ' ': (event) => {
      const at = eventAt(active)
      if (!at || !inside(event, body.current)) return false
      const next = new Set(selected)
      if (!next.delete(at.display_id)) next.add(at.display_id)
      setSelected(next)
      return true
    },
    'mod+c': () => {
      if (!selected.size || !window.getSelection()?.isCollapsed) return false
      const chosen = [...selected].map((id) => eventAt(placeOf(id))).filter((event) => event !== undefined)
      copied.copy(asText(chosen, columns, zone))
      return true
    },
  })

  const [sizing, setSizing] = useState<ColumnSizingState>({})
  const definitions = useMemo<ColumnDef<RecordedEvent>[]>(() => columns.map((column) => ({ id: column.id, size: column.width, minSize: 60, maxSize: 900 })), [columns])
  const table = useReactTable({ data: NO_ROWS, columns: definitions, getCoreRowModel: getCoreRowModel(), columnResizeMode: 'onChange', state: { columnSizing: sizing }, onColumnSizingChange: setSizing })
  const headers = table.getFlatHeaders()
  const widths = columns.map((column, place) => {
    const wide = headers[place]?.getSize() ?? column.width
    return column.grows && sizing[column.id] === undefined ? `minmax(${Math.min(wide, 160)}px, 1fr)` : `${wide}px`
  })
  const tracks = columns.some((column) => column.grows) ? widths.join(' ') : `${widths.join(' ')} 1fr`
  const template = useMemo(() => ({ gridTemplateColumns: tracks }), [tracks])

  return (
    <div className={stale ? 'table table-stale' : 'table'} role="table" aria-label={t('Events')} aria-rowcount={waiting ? -1 : count + 1} aria-colcount={narrow ? 1 : columns.length} aria-busy={stale || view.state === 'loading'}>
      <div
        className="table-scroll"
        ref={body}
        tabIndex={-1}
        role="rowgroup"
        onScroll={(event) => onScrolled(event.currentTarget.scrollTop > rowHeight)}
      >
        {!narrow && (
          <div className="row row-head" role="row" aria-rowindex={1} style={template}>
            {headers.map((header, place) => {
              const column = columns[place]
              if (!column) return null
              const time = column.id === 'time'
              const ascending = state.search.order === 'asc'
              return (
                <div key={header.id} role="columnheader" className="cell" aria-sort={time ? (ascending ? 'ascending' : 'descending') : undefined}>
                  {time ? (
                    <button type="button" className="head-button" onClick={() => state.set({ order: ascending ? undefined : 'asc', live: undefined })}>
                      {column.words()} {ascending ? <IconArrowUp size={12} aria-label={t('oldest first')} /> : <IconArrowDown size={12} aria-label={t('newest first')} />}
                    </button>
                  ) : (
                    column.words()
                  )}
                  <div className="resize" onMouseDown={header.getResizeHandler()} onTouchStart={header.getResizeHandler()} onDoubleClick={() => header.column.resetSize()} aria-hidden />
                </div>
              )
            })}
          </div>
        )}
        <div className="rows" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const event = eventAt(item.index)
            return (
              <Row
                key={item.key}
                row={item.index}
                top={item.start}
                height={rowHeight}
                event={event}
                columns={columns}
                template={template}
                narrow={narrow}
                open={event !== undefined && event.display_id === open}
                active={item.index === active}
                fresh={item.index < fresh}
                selected={event !== undefined && selected.has(event.display_id)}
                now={now}
                zone={zone}
                state={state}
                onActive={setActive}
                onOpen={opener}
              />
            )
          })}
        </div>
      </div>
      {selected.size > 0 && (
        <p className="selected" role="status">
          {t('{{shown}} rows selected', { shown: number(selected.size), count: selected.size })}
          <button type="button" className="link" onClick={() => copied.copy(asText([...selected].map((id) => eventAt(placeOf(id))).filter((event) => event !== undefined), columns, zone))}>
            {copied.words ?? t('Copy as text')}
          </button>
          <button type="button" className="link" onClick={() => setSelected(new Set())}>
            {t('Select none')}
          </button>
        </p>
      )}
    </div>
  )
}

const NO_ROWS: RecordedEvent[] = []

interface RowProps {
  row: number
  top: number
  height: number
  /** Absent while it is on its way. */
  event: RecordedEvent | undefined
  columns: Column[]
  template: { gridTemplateColumns: string }
  narrow: boolean
  open: boolean
  active: boolean
  /** It came while one looked. */
  fresh: boolean
  selected: boolean
  now: Date
  zone: string
  state: EventsState
  onActive: (row: number) => void
  onOpen: { current: (row: number) => void }
}

/** One row. Scrolling draws only the rows that come in: what a row gets does not change with the others. */
const Row = memo(function Row({ row, top, height, event, columns, template, narrow, open, active, fresh, selected, now, zone, state, onActive, onOpen }: RowProps) {
  const classes = ['row', open && 'row-open', active && 'row-active', fresh && 'row-new', selected && 'row-selected', narrow && 'row-card', event && (event.severity === 'high' || event.severity === 'critical') && 'row-high']
  const [over, setOver] = useState(false)
  const cells = () => {
    if (!event) return <div role="cell" className={narrow ? 'card-cell skeleton' : 'cell skeleton'} aria-label={t('Loading …')} />
    if (narrow) return <Card event={event} now={now} zone={zone} state={state} />
    return columns.map((column, place) => <Cell key={column.id} column={column} event={event} now={now} zone={zone} state={state} link={place === 0} tools={over} onFocus={() => onActive(row)} />)
  }
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      data-row={row}
      className={classes.filter(Boolean).join(' ')}
      style={{ ...(narrow ? {} : template), height, transform: `translateY(${top}px)` }}
      onPointerEnter={() => setOver(true)}
      onPointerLeave={() => setOver(false)}
      onClick={(click) => {
        if ((click.target as HTMLElement).closest('button, a') || !window.getSelection()?.isCollapsed) return
        onActive(row)
        onOpen.current(row)
      }}
    >
      {cells()}
    </div>
  )
})

interface CellProps {
  column: Column
  event: RecordedEvent
  now: Date
  zone: string
  state: EventsState
  link: boolean
  /** Whether the pointer is over the row: the tools are for it alone, the facets for the keyboard. */
  tools: boolean
  onFocus: () => void
}

function Cell({ column, event, now, zone, state, link, tools, onFocus }: CellProps) {
  const filter = tools ? column.filter?.(event) : undefined
  const content = column.cell(event, now, zone)
  return (
    <div role="cell" className="cell">
      {link ? (
        <Go
          to={urls.events(state.selection.tenant, { ...state.search, event: event.display_id })}
          className="row-link"
          onFocus={onFocus}
          aria-label={`${event.display_id}: ${sentence(event, zone)}`}
        >
          {content}
        </Go>
      ) : (
        <span className="cut">{content}</span>
      )}
      {filter?.value && (
        <span className="cell-tools">
          <button type="button" tabIndex={-1} title={t('Only {{value}}', { value: filter.value })} aria-label={t('Only {{value}}', { value: filter.value })} onClick={() => state.add(filter.field, filter.value!)}>
            +
          </button>
          <button type="button" tabIndex={-1} title={t('Exclude {{value}}', { value: filter.value })} aria-label={t('Exclude {{value}}', { value: filter.value })} onClick={() => state.exclude(filter.field, filter.value!)}>
            −
          </button>
        </span>
      )}
    </div>
  )
}

/** A row where the screen is narrow: the sentence first. */
function Card({ event, now, zone, state }: { event: RecordedEvent; now: Date; zone: string; state: EventsState }) {
  return (
    <div role="cell" className="card-cell">
      <Go to={urls.events(state.selection.tenant, { ...state.search, event: event.display_id })} className="card-sentence">
        <bdi>{sentence(event, zone)}</bdi>
      </Go>
      <span className="card-line muted">
        <Time value={event.occurred_at ?? event.received_at} now={now} /> <Category name={event.category} />
        <Outcome result={outcomeOf(event)?.result} />
        {event.severity === 'high' || event.severity === 'critical' ? <Severity level={event.severity} /> : null}
      </span>
    </div>
  )
}

function inside(event: KeyboardEvent, box: HTMLElement | null): boolean {
  return event.target instanceof Node && (box?.contains(event.target) ?? false)
}

/** Rows as text: tabs between cells, a line each, with a head. */
export function asText(events: RecordedEvent[], columns: Column[], zone: string): string {
  const line = (cells: string[]) => cells.map((cell) => cell.replaceAll(/[\t\r\n]+/g, ' ')).join('\t')
  return [line(columns.map((column) => column.words())), ...events.map((event) => line(columns.map((column) => column.text(event, zone))))].join('\n')
}
