import { useQuery } from '@tanstack/react-query'
import { type Range as Drawn, defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { type PointerEvent, type Ref, memo, useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react'
import type { RecordedEvent } from '../api/client'
import { eventQuery } from '../api/events'
import { useCopied } from '../parts/Copy'
import { Go } from '../parts/Go'
import { useKeys } from '../parts/keys'
import { Category, Outcome, Severity } from '../parts/marks'
import { TimeIn } from '../parts/Time'
import { useNarrow } from '../parts/useNarrow'
import { useChoose, useNow, usePreferences, useZone } from '../session/session'
import { urls } from '../urls'
import { outcomeOf, sentence } from '../words/event'
import { t } from '../words/i18n'
import { number } from '../words/time'
import { type Column, WIDTH_MAX, WIDTH_MIN, columnsOf, widthsOf, widthsText } from './columns'
import { noticeFailure } from '../queries'
import { type Live, inOrder } from './live'
import type { Place } from './rows'
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

/** The head that stays above the rows, with its line. */
const HEAD_PX = 31

/** Where the keys are: at an event, wherever it stands, or at a row whose event is on its way. */
interface Spot {
  id?: string
  /** Without the new events on top, so that it stays when more come; absent where the id is known. */
  row?: number
}

/** The events of the selection: any number of rows, of which the visible ones exist. */
export function EventTable({ state, now: { rows, view, stale }, live, onScrolled, ref }: Props) {
  const preferences = usePreferences()
  const zone = useZone()
  const now = useNow()
  const narrow = useNarrow()
  const names = state.search.columns ?? preferences.columns
  const columns = useMemo(() => columnsOf(names), [names])
  const body = useRef<HTMLDivElement>(null)
  const [active, showActive] = useState<Spot>()
  // Keys come faster than pages are drawn: the next one counts from where the last one led.
  const spot = useRef<Spot>(undefined)
  const setActive = useCallback((next: Spot | undefined) => {
    spot.current = next
    showActive(next)
  }, [])
  const copied = useCopied()
  const [selected, setSelected] = useState<ReadonlyMap<string, RecordedEvent>>(new Map())
  const fresh = live.events.length
  // Before the first answer, rows of the size they will have.
  const waiting = view.state === 'loading'
  const count = waiting ? EXPECTED : view.total + fresh
  const rowHeight = narrow ? 86 : preferences.density === 'roomy' ? 40 : 32
  const size = Math.min(rowHeight, Math.max(1, TALLEST_PX / Math.max(count, 1)))
  const eventAt = (row: number): RecordedEvent | undefined => (row < fresh ? live.events[row] : rows?.at(row - fresh))

  const open = state.search.event
  // The same holds for what is open: the address changes before the page is drawn.
  const opened = useRef(open)
  useEffect(() => {
    opened.current = open
  }, [open])
  const rowOf = (id: string | undefined): number => {
    if (!id) return -1
    const top = live.events.findIndex((event) => event.display_id === id)
    if (top >= 0) return top
    const row = rows?.rowOf(id)
    return row === undefined ? -1 : row + fresh
  }
  const rowOfSpot = (at: Spot | undefined): number => (at?.row === undefined ? rowOf(at?.id) : at.row + fresh)
  const spotOf = (row: number): Spot => {
    const event = eventAt(row)
    return event ? { id: event.display_id } : { row: row - fresh }
  }
  // An open entry leads; the keys begin where it stands.
  const openRow = rowOf(open)
  const activeRow = open ? openRow : rowOfSpot(active)

  // The row with the focus stays in the page wherever one scrolls.
  const rangeExtractor = useCallback(
    (drawn: Drawn) => {
      const within = defaultRangeExtractor(drawn)
      if (activeRow < 0 || activeRow >= drawn.count || within.includes(activeRow)) return within
      return activeRow < within[0]! ? [activeRow, ...within] : [...within, activeRow]
    },
    [activeRow],
  )
  // The same ones as long as they mean the same: with others all rows are measured again, in every frame.
  const estimateSize = useCallback(() => size, [size])
  const getItemKey = useCallback((row: number) => (row < fresh ? `live ${live.events[row]?.sequence}` : row - fresh), [fresh, live.events])
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => body.current,
    estimateSize,
    overscan: 6,
    scrollPaddingEnd: narrow ? 0 : HEAD_PX,
    rangeExtractor,
    getItemKey,
  })
  const items = virtual.getVirtualItems()
  const [first, last] = [virtual.range?.startIndex ?? 0, virtual.range?.endIndex ?? 0]
  useEffect(() => {
    rows?.want(first - fresh, last - fresh)
  }, [rows, first, last, fresh, view.version])
  useEffect(() => virtual.measure(), [virtual, size])
  // Another question begins at its top, and so do the answers of the same one when it is asked again.
  const question = JSON.stringify([rows?.selection, rows?.order])
  const answered = useRef(question)
  useEffect(() => {
    body.current?.scrollTo({ top: 0 })
    const same = answered.current === question
    answered.current = question
    const id = opened.current ?? (same ? spot.current?.id : undefined)
    setActive(id ? { id } : undefined)
    if (!same) setSelected(new Map())
  }, [rows, question, setActive])
  useEffect(() => () => onScrolled(false), [onScrolled])

  // An open entry that is not among the rows that are there is looked for.
  const [found, setFound] = useState<{ rows: unknown; event: RecordedEvent; place: Place }>()
  const elsewhere = open !== undefined && view.state === 'ready' && openRow < 0
  const { data: entry } = useQuery({ ...eventQuery(state.selection.tenant, open ?? ''), enabled: elsewhere })
  useEffect(() => {
    if (!elsewhere || !rows || entry?.display_id !== open) return
    rows.find(entry).then((place) => setFound({ rows, event: entry, place }), noticeFailure)
  }, [elsewhere, rows, entry, open])

  const focusRow = (row: number, at: Spot) => {
    virtual.scrollToIndex(row, { align: 'auto' })
    // Once it is drawn, unless another key led on meanwhile; the place of reading stays in the panel.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const box = body.current
        if (at.id && spot.current?.id === at.id && (!opened.current || box?.contains(document.activeElement))) box?.querySelector<HTMLElement>(`[data-id="${CSS.escape(at.id)}"] a`)?.focus({ preventScroll: true })
      }),
    )
  }
  /** The open entry the list was last moved to. */
  const stands = useRef<string>(undefined)
  /** Where the keys lead while its event, or the place of the open entry, is on its way. */
  const ahead = useRef<{ from: string; row?: number; by: number }>(undefined)
  const show = (row: number) => {
    const at = spotOf(row)
    setActive(at)
    // With an entry open, moving reads on.
    if (opened.current && at.id) {
      opened.current = at.id
      stands.current = at.id
      state.set({ event: at.id }, 'replace')
    } else if (opened.current) ahead.current = { from: opened.current, row: at.row, by: 0 }
    focusRow(row, at)
  }
  const move = (by: number) => {
    const id = opened.current
    if (id && ahead.current?.from === id) {
      ahead.current.by += by
      return leadOn()
    }
    const from = id ? rowOf(id) : rowOfSpot(spot.current)
    if (from >= 0) {
      if (from + by >= 0 && from + by < count) show(from + by)
    } else if (id) {
      ahead.current = { from: id, by }
      leadOn()
    } else if (count > 0) show(0)
  }
  const leadOn = () => {
    const way = ahead.current
    if (!way || !rows) return
    if (way.from !== opened.current) {
      ahead.current = undefined
      return
    }
    let row = way.row === undefined ? rowOf(way.from) : way.row + fresh
    let { by } = way
    if (row < 0) {
      if (found?.rows !== rows || found.event.display_id !== way.from) return
      // It is not in the list: the next one is the first that stands behind it.
      const top = live.events.findIndex((event) => inOrder(found.event, event) < 0)
      row = top >= 0 ? top : found.place.row + fresh
      if (by > 0) by -= 1
    }
    const inside = (at: number) => at >= 0 && at < count
    const to = way.row === undefined || inside(row + by) ? row + by : row
    if (way.row !== undefined && to === row && !eventAt(to)) return
    ahead.current = undefined
    if (inside(to)) show(to)
  }
  useEffect(() => leadOn())
  // The list stands where the open entry is.
  useEffect(() => {
    if (!open || stale || openRow < 0) return
    if (stands.current === open) return
    stands.current = open
    const seen = virtual.range && openRow >= virtual.range.startIndex && openRow <= virtual.range.endIndex
    virtual.scrollToIndex(openRow, { align: seen ? 'auto' : 'center' })
  }, [open, openRow, stale, virtual])
  // Its panel has gone with the focus: the row takes it.
  const wasOpen = useRef(open)
  useEffect(() => {
    if (wasOpen.current && !open) {
      stands.current = undefined
      if (document.activeElement === document.body) body.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(wasOpen.current)}"] a`)?.focus({ preventScroll: true })
    }
    if (open) setActive({ id: open })
    wasOpen.current = open
  }, [open, setActive])

  const openEvent = (id: string) => {
    state.set({ event: id }, opened.current ? 'replace' : 'push')
    opened.current = id
  }
  const opener = useRef(openEvent)
  useEffect(() => {
    opener.current = openEvent
  })
  useImperativeHandle(ref, () => ({
    focus: () => {
      const row = Math.max(0, rowOfSpot(spot.current))
      const at = spotOf(row)
      setActive(at)
      focusRow(row, at)
    },
  }))
  const copySelected = () => copied.copy(asText([...selected.values()], columns, zone))
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: (event) => (inside(event, body.current) || open ? move(1) : false),
    ArrowUp: (event) => (inside(event, body.current) || open ? move(-1) : false),
    o: () => {
      const event = eventAt(Math.max(0, rowOfSpot(spot.current)))
      if (event && !opened.current) openEvent(event.display_id)
    },
    ' ': (event) => {
      const at = eventAt(activeRow)
      if (!at || !inside(event, body.current)) return false
      const next = new Map(selected)
      if (!next.delete(at.display_id)) next.set(at.display_id, at)
      setSelected(next)
      return true
    },
    'mod+c': () => {
      if (!selected.size || !window.getSelection()?.isCollapsed) return false
      copySelected()
      return true
    },
  })

  const widths = useWidths()
  const tracks = columns.map((column) => {
    const width = widths.of(column)
    return width === undefined ? `minmax(${Math.min(column.width, 160)}px, 1fr)` : `${width}px`
  })
  // Where no column grows, what is left over stays empty.
  const line = [...tracks, ...(columns.some((column) => column.grows) ? [] : ['1fr'])].join(' ')
  const template = useMemo(() => ({ gridTemplateColumns: line }), [line])

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
            {columns.map((column) => {
              const time = column.id === 'time'
              const ascending = state.search.order === 'asc'
              return (
                <div key={column.id} role="columnheader" className="cell" aria-sort={time ? (ascending ? 'ascending' : 'descending') : undefined}>
                  {time ? (
                    <button type="button" className="head-button" onClick={() => state.set({ order: ascending ? undefined : 'asc', live: undefined })}>
                      {column.words()} {ascending ? <IconArrowUp size={12} aria-label={t('oldest first')} /> : <IconArrowDown size={12} aria-label={t('newest first')} />}
                    </button>
                  ) : (
                    column.words()
                  )}
                  <Grip column={column} widths={widths} />
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
                active={item.index === activeRow}
                stop={item.index === (activeRow >= 0 ? activeRow : first)}
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
          <button type="button" className="link" onClick={copySelected}>
            {copied.words ?? t('Copy as text')}
          </button>
          <button type="button" className="link" onClick={() => setSelected(new Map())}>
            {t('Select none')}
          </button>
        </p>
      )}
    </div>
  )
}

interface Widths {
  /** Nothing where the column takes what the others leave. */
  of: (column: Column) => number | undefined
  /** Shows a width, until it is kept or dropped. */
  draw: (column: Column, width: number) => void
  drop: () => void
  /** Without a width it is the usual one again. */
  keep: (column: Column, width?: number) => void
}

/** How wide columns are: what the person has chosen, and over it what is being drawn. */
function useWidths(): Widths {
  const choose = useChoose()
  const text = usePreferences().widths
  const [drawn, setDrawn] = useState<{ id: string; width: number }>()
  // What was drawn is chosen now, or was taken back.
  useEffect(() => setDrawn(undefined), [text])
  const kept = useMemo(() => widthsOf(text), [text])
  return useMemo(
    () => ({
      of: ({ id, grows, width }) => (drawn?.id === id ? drawn.width : (kept[id] ?? (grows ? undefined : width))),
      draw: ({ id }, width) => setDrawn({ id, width: fitting(width) }),
      drop: () => setDrawn(undefined),
      keep: ({ id }, width) => {
        const { [id]: _, ...others } = kept
        const next = widthsText(width === undefined ? others : { ...others, [id]: fitting(width) })
        if (next === text) setDrawn(undefined)
        else choose({ widths: next })
      },
    }),
    [drawn, kept, text, choose],
  )
}

function fitting(width: number): number {
  return Math.round(Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width)))
}

const WIDTH_STEP = 16

/** The edge of a column: drawn, or moved with the arrow keys; a double click gives the usual width. */
const Grip = memo(function Grip({ column, widths }: { column: Column; widths: Widths }) {
  const from = useRef<{ x: number; width: number }>(undefined)
  const widthNow = (grip: HTMLElement) => grip.parentElement!.getBoundingClientRect().width
  const end = (event: PointerEvent) => {
    const { x, width } = from.current ?? {}
    from.current = undefined
    if (x !== undefined && width !== undefined && event.clientX !== x) widths.keep(column, width + event.clientX - x)
  }
  return (
    <div
      className="resize"
      role="separator"
      aria-orientation="vertical"
      aria-label={t('Width of {{column}}', { column: column.words() })}
      aria-valuenow={widths.of(column) ?? column.width}
      aria-valuemin={WIDTH_MIN}
      aria-valuemax={WIDTH_MAX}
      tabIndex={0}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = { x: event.clientX, width: widthNow(event.currentTarget) }
      }}
      onPointerMove={(event) => from.current && event.clientX !== from.current.x && widths.draw(column, from.current.width + event.clientX - from.current.x)}
      onPointerUp={end}
      onPointerCancel={() => {
        from.current = undefined
        widths.drop()
      }}
      onDoubleClick={() => widths.keep(column)}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -WIDTH_STEP, ArrowRight: WIDTH_STEP }[event.key]
        if (!by) return
        event.preventDefault()
        widths.keep(column, widthNow(event.currentTarget) + by)
      }}
    />
  )
})

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
  /** Whether the Tab key stops here: at one row of all. */
  stop: boolean
  /** It came while one looked. */
  fresh: boolean
  selected: boolean
  now: Date
  zone: string
  state: EventsState
  onActive: (spot: Spot) => void
  onOpen: { current: (id: string) => void }
}

/** One row. Scrolling draws only the rows that come in: what a row gets does not change with the others. */
const Row = memo(function Row({ row, top, height, event, columns, template, narrow, open, active, stop, fresh, selected, now, zone, state, onActive, onOpen }: RowProps) {
  const classes = ['row', open && 'row-open', active && 'row-active', fresh && 'row-new', selected && 'row-selected', narrow && 'row-card', event && (event.severity === 'high' || event.severity === 'critical') && 'row-high']
  const [over, setOver] = useState(false)
  const cells = () => {
    if (!event) return <div role="cell" className={narrow ? 'card-cell skeleton' : 'cell skeleton'} aria-label={t('Loading …')} />
    const link = { tabIndex: stop ? 0 : -1, onFocus: () => onActive({ id: event.display_id }) }
    if (narrow) return <Card event={event} now={now} zone={zone} state={state} link={link} />
    return columns.map((column, place) => <Cell key={column.id} column={column} event={event} now={now} zone={zone} state={state} link={place === 0 ? link : undefined} tools={over} />)
  }
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      data-row={row}
      data-id={event?.display_id}
      className={classes.filter(Boolean).join(' ')}
      style={{ ...(narrow ? {} : template), height, transform: `translateY(${top}px)` }}
      onPointerEnter={() => setOver(true)}
      onPointerLeave={() => setOver(false)}
      onClick={(click) => {
        if (!event || (click.target as HTMLElement).closest('button, a') || !window.getSelection()?.isCollapsed) return
        onActive({ id: event.display_id })
        onOpen.current(event.display_id)
      }}
    >
      {cells()}
    </div>
  )
})

/** How the keyboard comes to a row. */
interface LinkProps {
  tabIndex: number
  onFocus: () => void
}

interface CellProps {
  column: Column
  event: RecordedEvent
  now: Date
  zone: string
  state: EventsState
  link: LinkProps | undefined
  /** Whether the pointer is over the row: the tools are for it alone, the facets for the keyboard. */
  tools: boolean
}

function Cell({ column, event, now, zone, state, link, tools }: CellProps) {
  const filter = tools ? column.filter?.(event) : undefined
  const content = column.cell(event, now, zone)
  return (
    <div role="cell" className="cell">
      {link ? (
        <Go
          to={urls.events(state.selection.tenant, { ...state.search, event: event.display_id })}
          className="row-link"
          {...link}
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
function Card({ event, now, zone, state, link }: { event: RecordedEvent; now: Date; zone: string; state: EventsState; link: LinkProps }) {
  return (
    <div role="cell" className="card-cell">
      <Go to={urls.events(state.selection.tenant, { ...state.search, event: event.display_id })} className="card-sentence" {...link}>
        <bdi>{sentence(event, zone)}</bdi>
      </Go>
      <span className="card-line muted">
        <TimeIn value={event.occurred_at ?? event.received_at} now={now} zone={zone} stop={link.tabIndex === 0} /> <Category name={event.category} />
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
