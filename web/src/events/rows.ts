//! Any number of rows behind one scroll bar.
//!
//! The API gives pages one after the other. To show row 500,000 without the 499,999 before it, the
//! exact counts by time are asked: they say at which moment which row stands, and pages are read
//! from there. All questions are held to the events the first page saw, so rows never move.

import type { RecordedEvent } from '../api/client'
import type { EventsPage, Selection } from '../api/events'

export interface Source {
  page(selection: Selection, more: { limit: number; order: 'asc' | 'desc'; cursor?: string }, signal: AbortSignal): Promise<EventsPage>
  /** Starts of stretches of time in order, each with how many events lie in it. */
  counts(selection: Selection, signal: AbortSignal): Promise<{ start: string; total: number }[]>
  /** A search that also asks for events the first page saw. */
  pinned(selection: Selection, asOf: number): Selection
}

/** Events a page; the API's limit is 1,000. */
const PAGE = 200
/** Rows below the visible ones that are there before they are seen. */
const AHEAD = 150
/** A row so near behind those that are there is reached page by page. */
const NEAR = 1000

interface Run {
  start: number
  events: RecordedEvent[]
  selection: Selection
  cursor?: string | null
  loading?: boolean
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
  private wanted = 0

  constructor(
    private readonly source: Source,
    private readonly selection: Selection,
    private readonly order: 'asc' | 'desc',
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

  /** The row of an event among those that are there. */
  rowOf(displayId: string): number | undefined {
    for (const run of this.runs) {
      const place = run.events.findIndex((event) => event.display_id === displayId)
      if (place >= 0) return run.start + place
    }
    return undefined
  }

  /** Sees to it that these rows come. */
  want(first: number, last: number): void {
    if (this.view.state !== 'ready') return
    // What comes next is asked for before it is scrolled to.
    const end = Math.min(last + AHEAD, this.view.total - 1)
    let missing = Math.max(0, first)
    while (missing <= end && this.at(missing)) missing += 1
    if (missing > end) return
    this.wanted = missing
    void this.reach(missing)
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

  private async reach(row: number): Promise<void> {
    let run = this.runBefore(row)
    if (run.loading) return
    if (row - (run.start + run.events.length) > NEAR) {
      const anchored = await this.anchored(row)
      // The reader has scrolled on meanwhile.
      if (!anchored || Math.abs(this.wanted - row) > NEAR) return
      run = this.runBefore(row)
      if (row - (run.start + run.events.length) > NEAR) {
        run = anchored
        this.runs.push(run)
        this.runs.sort((one, other) => one.start - other.start)
      }
    }
    await this.extend(run, row)
  }

  private runBefore(row: number): Run {
    let best = this.runs[0]!
    for (const run of this.runs) if (run.start <= row && run.start >= best.start) best = run
    return best
  }

  private async extend(run: Run, row: number): Promise<void> {
    if (run.loading || run.cursor === null || run.cursor === undefined) {
      if (run.events.length || run.loading) return
    }
    run.loading = true
    try {
      while (row >= run.start + run.events.length && run.cursor !== null) {
        const gap = row - (run.start + run.events.length)
        const limit = gap > PAGE ? 1000 : PAGE
        const page = await this.source.page(run.selection, { limit, order: this.order, cursor: run.cursor ?? undefined }, this.stop.signal)
        run.events = [...run.events, ...page.events]
        run.cursor = page.next_cursor ?? null
        this.change({})
        if (Math.abs(this.wanted - row) > NEAR) break
      }
    } catch (error) {
      this.failed(error)
    } finally {
      run.loading = false
    }
    if (!this.stop.signal.aborted && this.wanted !== row && !this.at(this.wanted)) void this.reach(this.wanted)
  }

  /** A run that begins at the last moment whose row is not behind the one asked for. */
  private async anchored(row: number): Promise<Run | undefined> {
    try {
      this.anchors ??= this.measure()
      const anchors = await this.anchors
      let best = anchors[0]
      for (const anchor of anchors) if (anchor.row <= row) best = anchor
      if (!best) return undefined
      const pinned = this.source.pinned(this.selection, this.view.asOf)
      const selection = this.order === 'asc' ? { ...pinned, from: best.at } : { ...pinned, to: best.at }
      return { start: best.row, events: [], selection, cursor: undefined }
    } catch (error) {
      this.anchors = undefined
      this.failed(error)
      return undefined
    }
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
