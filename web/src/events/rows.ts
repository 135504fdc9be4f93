//! Any number of rows behind one scroll bar.
//!
//! The API gives pages one after the other. To show row 500,000 without the 499,999 before it, the
//! exact counts by time are asked: they say at which moment which row stands, and pages are read
//! from there. All questions are held to the events the first page saw, so rows never move.

import type { RecordedEvent } from '../api/client'
import type { EventsPage, Selection } from '../api/events'
import { both } from '../query/terms'
import { utcMicroseconds } from '../words/time'

export interface Source {
  page(selection: Selection, more: { limit: number; order: 'asc' | 'desc'; cursor?: string }, signal: AbortSignal): Promise<EventsPage>
  /** Starts of stretches of time in order, each with how many events lie in it. */
  counts(selection: Selection, signal: AbortSignal): Promise<{ start: string; total: number }[]>
  /** A search that also asks for events the first page saw. */
  pinned(selection: Selection, asOf: number): Selection
}

/** Events a page, and where many are wanted at once; the latter is the API's limit. */
const PAGE = 200
const PAGE_MAX = 1000
/** Rows below the visible ones that are there before they are seen; more of them while one scrolls fast. */
const AHEAD = 150
const AHEAD_MAX = 2000
/** For how many more looks the rows ahead last at the speed of the last one: about a quarter of a second. */
const LOOKS_AHEAD = 16
/** Rows kept; those farthest from the visible ones are asked for again when they are. */
const KEPT_MAX = 20_000
const RUN_MAX = 2_000
/** A row so near behind those that are there is reached page by page. */
const NEAR = 1000

interface Run {
  start: number
  events: RecordedEvent[]
  selection: Selection
  cursor?: string | null
  loading?: boolean
}

/** Where an event stands. */
export interface Place {
  row: number
  /** Whether it is one of these rows; if not, it would stand before this one. */
  listed: boolean
}

export interface RowsView {
  state: 'loading' | 'ready' | 'failed'
  total: number
  ownLeftOut: number
  asOf: number
  error?: unknown
  /** Changes whenever rows were added. */
  version: number
}

export class Rows {
  view: RowsView = { state: 'loading', total: 0, ownLeftOut: 0, asOf: 0, version: 0 }
  private runs: Run[] = []
  private anchors?: Promise<{ at: string; row: number }[]>
  private readonly listeners = new Set<() => void>()
  private readonly stop = new AbortController()
  private readonly places = new Map<string, Promise<Place>>()
  /** Rows of events that were looked for. Rows do not move, so they hold while the event is not there. */
  private readonly found = new Map<string, number>()
  private wanted = 0
  /** The last visible row of the last look. */
  private seen = 0

  constructor(
    private readonly source: Source,
    readonly selection: Selection,
    readonly order: 'asc' | 'desc',
  ) {
    void this.open()
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = (): RowsView => this.view

  close(): void {
    this.stop.abort()
  }

  /** The event of a row, or nothing while it is not there. */
  at(row: number): RecordedEvent | undefined {
    for (const run of this.runs) {
      const event = run.events[row - run.start]
      if (event) return event
    }
    return undefined
  }

  /** The row of an event among those that are there or were once. */
  rowOf(displayId: string): number | undefined {
    const known = this.found.get(displayId)
    if (known !== undefined) return known
    for (const run of this.runs) {
      const place = run.events.findIndex((event) => event.display_id === displayId)
      if (place < 0) continue
      this.found.set(displayId, run.start + place)
      return run.start + place
    }
    return undefined
  }

  /** Where an event stands, whether or not its row is there: as far down as there are events before it. */
  find(event: RecordedEvent): Promise<Place> {
    const id = event.display_id
    let place = this.places.get(id)
    if (!place) {
      place = this.countBefore(event)
      this.places.set(id, place)
      // It may be asked again.
      place.catch(() => this.places.delete(id))
    }
    return place
  }

  private async countBefore(event: RecordedEvent): Promise<Place> {
    const { signal } = this.stop
    const pinned = this.source.pinned(this.selection, this.view.asOf)
    const total = async (term: string) => (await this.source.page({ ...pinned, q: both(pinned.q ?? '', term) }, { limit: 1, order: this.order }, signal)).total
    const at = `${utcMicroseconds(event.occurred_at ?? event.received_at).replace(' ', 'T')}Z`
    const before = this.order === 'asc' ? '<' : '>'
    const [row, own] = await Promise.all([total(`(occurred:${before}${at} OR (occurred:${at} sequence:${before}${event.sequence}))`), total(`sequence:${event.sequence}`)])
    if (own > 0) this.found.set(event.display_id, row)
    this.change({})
    return { row, listed: own > 0 }
  }

  /** Sees to it that these rows come. */
  want(first: number, last: number): void {
    if (this.view.state !== 'ready') return
    const speed = Math.max(0, last - this.seen)
    this.seen = last
    // What comes next is asked for before it is scrolled to.
    const ahead = speed > NEAR ? AHEAD : Math.min(AHEAD + speed * LOOKS_AHEAD, AHEAD_MAX)
    const end = Math.min(last + ahead, this.view.total - 1)
    let missing = Math.max(0, first)
    while (missing <= end && this.at(missing)) missing += 1
    if (missing > end) return
    this.wanted = missing
    void this.reach(missing, end)
  }

  private async open(): Promise<void> {
    try {
      const page = await this.source.page(this.selection, { limit: PAGE, order: this.order }, this.stop.signal)
      this.runs = [{ start: 0, events: page.events, selection: this.selection, cursor: page.next_cursor }]
      this.change({ state: 'ready', total: page.total, ownLeftOut: page.own_left_out, asOf: page.as_of })
    } catch (error) {
      this.failed(error)
    }
  }

  private async reach(row: number, end: number): Promise<void> {
    let run = this.runBefore(row)
    if (run.loading) return
    if (row - (run.start + run.events.length) > NEAR) {
      let anchor: Run | undefined
      try {
        anchor = await this.anchored(row)
      } catch (error) {
        return this.failed(error)
      }
      // The reader has scrolled on meanwhile.
      if (Math.abs(this.wanted - row) > NEAR) return
      run = this.runBefore(row)
      if (anchor && anchor.start > run.start + run.events.length) {
        run = anchor
        this.add(run)
      }
    }
    await this.extend(run, row, end)
  }

  private add(run: Run): void {
    this.runs.push(run)
    this.runs.sort((one, other) => one.start - other.start)
  }

  /** Lets go of what is farthest from the rows that are wanted; the first run stays. */
  private letGo(): void {
    const distance = (run: Run) => Math.max(run.start - this.wanted, this.wanted - run.start - run.events.length)
    let kept = this.runs.reduce((sum, run) => sum + run.events.length, 0)
    while (kept > KEPT_MAX && this.runs.length > 1) {
      const others = this.runs.slice(1)
      const farthest = others.reduce((one, other) => (distance(other) > distance(one) ? other : one))
      if (farthest.loading || distance(farthest) <= 0) return
      kept -= farthest.events.length
      this.runs.splice(this.runs.indexOf(farthest), 1)
    }
  }

  private runBefore(row: number): Run {
    let best = this.runs[0]!
    for (const run of this.runs) if (run.start <= row && run.start >= best.start) best = run
    return best
  }

  /** Reads pages until `row` is there, and so many at once as reach to `end`. */
  private async extend(run: Run, row: number, end: number): Promise<void> {
    if (run.loading || run.cursor === null || run.cursor === undefined) {
      if (run.events.length || run.loading) return
    }
    run.loading = true
    try {
      while (row >= run.start + run.events.length && run.cursor !== null) {
        if (run.events.length >= RUN_MAX) {
          run.loading = false
          run = { start: run.start + run.events.length, events: [], selection: run.selection, cursor: run.cursor, loading: true }
          this.add(run)
        }
        const gap = end - (run.start + run.events.length)
        const limit = gap > PAGE ? PAGE_MAX : PAGE
        const page = await this.source.page(run.selection, { limit, order: this.order, cursor: run.cursor ?? undefined }, this.stop.signal)
        run.events = [...run.events, ...page.events]
        run.cursor = page.next_cursor ?? null
        this.letGo()
        this.change({})
        if (Math.abs(this.wanted - row) > NEAR) break
      }
    } catch (error) {
      this.failed(error)
    } finally {
      run.loading = false
    }
    const { wanted } = this
    if (!this.stop.signal.aborted && wanted !== row && !this.at(wanted)) void this.reach(wanted, wanted + AHEAD)
  }

  /** A run that begins at the last moment whose row is not behind the one asked for, if there is one. */
  private async anchored(row: number): Promise<Run | undefined> {
    this.anchors ??= this.measure()
    // It may be asked again.
    this.anchors.catch(() => (this.anchors = undefined))
    const best = (await this.anchors).findLast((anchor) => anchor.row <= row)
    if (!best) return undefined
    const pinned = this.source.pinned(this.selection, this.view.asOf)
    const selection = this.order === 'asc' ? { ...pinned, from: best.at } : { ...pinned, to: best.at }
    return { start: best.row, events: [], selection, cursor: undefined }
  }

  private async measure(): Promise<{ at: string; row: number }[]> {
    const buckets = await this.source.counts(this.source.pinned(this.selection, this.view.asOf), this.stop.signal)
    const anchors: { at: string; row: number }[] = []
    let row = 0
    if (this.order === 'asc') {
      for (const bucket of buckets) {
        anchors.push({ at: bucket.start, row })
        row += bucket.total
      }
      return anchors
    }
    for (let place = buckets.length - 1; place > 0; place -= 1) {
      row += buckets[place]!.total
      anchors.push({ at: buckets[place]!.start, row })
    }
    return anchors
  }

  private failed(error: unknown): void {
    if (this.stop.signal.aborted) return
    if (this.view.state === 'loading') this.change({ state: 'failed', error })
    else this.change({ error })
  }

  private change(part: Partial<RowsView>): void {
    if (this.stop.signal.aborted) return
    this.view = { ...this.view, ...part, version: this.view.version + 1 }
    for (const listener of this.listeners) listener()
  }
}
