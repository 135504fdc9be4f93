//! New events as they come, on top of the rows of a question.
//!
//! A tail belongs to the rows it stands on: it counts every event that came after those, and keeps
//! the newest. When more came than it keeps, it says so, and the rows are asked for again.

import { useEffect, useState, useSyncExternalStore } from 'react'
import type { RecordedEvent } from '../api/client'
import { clock } from '../api/clock'
import { type EventsPage, type Selection, fetchEvents, readEvent, tailPath } from '../api/events'
import { noticeFailure } from '../queries'
import { moments } from '../query/range'
import { both } from '../query/terms'
import { utcMicroseconds } from '../words/time'
import type { Rows } from './rows'

/** Events that are kept on top; with more, the list is asked for again. */
export const KEPT = 5_000
/** Events that are remembered one by one so as not to be counted twice, once they are only counted. */
const REMEMBERED = 50_000
/** Many events a second become few changes of the screen. */
const STEP_MS = 250

export interface Live {
  state: 'off' | 'opening' | 'open' | 'broken'
  /** What is shown on top, in the order of the list. */
  events: RecordedEvent[]
  /** How many events came, shown or not. */
  came: number
  /** How many of them wait for the reader to be back at the top. */
  waiting: number
  /** How many of them are not on top because more came than are kept. */
  missed: number
  /** More came than are kept: only asking again shows them all. */
  behind: boolean
}

/** Where events come from. */
export interface Feed {
  page(selection: Selection, more: { limit: number; order: 'desc'; cursor?: string }, signal: AbortSignal): Promise<EventsPage>
  open(selection: Selection): EventSource
}

const feed: Feed = { page: fetchEvents, open: (selection) => new EventSource(tailPath(selection)) }

interface Held {
  event: RecordedEvent
  at: string
}

/** Newest first, as the list has it. */
export function inOrder(one: RecordedEvent, other: RecordedEvent): number {
  return heldInOrder(held(one), held(other))
}

function held(event: RecordedEvent): Held {
  return { event, at: utcMicroseconds(event.occurred_at ?? event.received_at) }
}

function heldInOrder(one: Held, other: Held): number {
  return one.at === other.at ? other.event.sequence - one.event.sequence : one.at < other.at ? 1 : -1
}

const NOTHING: Live = { state: 'off', events: [], came: 0, waiting: 0, missed: 0, behind: false }

/** The events of a selection from the place `asOf` on. */
export class Tail {
  view = NOTHING
  private state: Live['state'] = 'off'
  private shown: Held[] = []
  private waiting: Held[] = []
  private batch: Held[] = []
  private behind = false
  private paused = false
  /** All events before `asOf` are counted; those `since` are remembered one by one. */
  private counted: { asOf: number; total: number }
  private readonly since = new Set<number>()
  private catching: Promise<void> = Promise.resolve()
  private stop: (() => void) | undefined
  private readonly listeners = new Set<() => void>()

  constructor(
    private readonly feed: Feed,
    private readonly selection: Selection,
    asOf: number,
  ) {
    this.counted = { asOf, total: 0 }
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = (): Live => this.view

  /** While paused new events wait; when that ends they are let in. */
  pause(paused: boolean): void {
    if (this.paused === paused) return
    this.paused = paused
    this.publish()
  }

  /** Begins to follow, or stops; what came stays. */
  follow(on: boolean): void {
    if (on === (this.stop !== undefined)) return
    if (on) {
      this.stop = this.connect()
    } else {
      this.stop?.()
      this.stop = undefined
      this.become('off')
    }
  }

  private connect(): () => void {
    const stop = new AbortController()
    const step = setInterval(() => {
      if (!this.batch.length) return
      this.publish()
      if (this.behind && this.since.size > REMEMBERED) this.catchUp(stop.signal).catch(() => undefined)
    }, STEP_MS)
    let source: EventSource
    let again: ReturnType<typeof setTimeout> | undefined
    let failures = 0
    const open = () => {
      source = this.feed.open(this.selection)
      source.addEventListener('open', () => {
        failures = 0
        this.become('open')
        this.catchUp(stop.signal).catch(() => undefined)
      })
      source.addEventListener('event', (message) => this.take(readEvent((message as MessageEvent<string>).data)))
      // This browser was too slow; the events it missed are asked for.
      source.addEventListener('gap', () => this.catchUp(stop.signal).catch(() => undefined))
      source.addEventListener('error', () => {
        this.become('broken')
        // The browser tries again by itself unless it was refused; then the reason is asked for.
        if (source.readyState !== source.CLOSED) return
        again = setTimeout(() => void reopen(), Math.min(30_000, 1000 * 2 ** failures))
        failures += 1
      })
    }
    const reopen = async () => {
      await this.catchUp(stop.signal).catch(noticeFailure)
      if (!stop.signal.aborted) open()
    }
    this.become('opening')
    open()
    return () => {
      stop.abort()
      clearInterval(step)
      clearTimeout(again)
      source.close()
    }
  }

  /** Takes what the stream did not bring: between the rows and the stream, or while there was none. */
  private catchUp(signal: AbortSignal): Promise<void> {
    const next = this.catching.then(() => (signal.aborted ? undefined : this.askMissed(signal)))
    this.catching = next.catch(() => undefined)
    return next
  }

  private async askMissed(signal: AbortSignal): Promise<void> {
    const { asOf, total } = this.counted
    const missed = { ...this.selection, q: both(this.selection.q ?? '', `sequence:>=${asOf}`), to: undefined }
    const events: RecordedEvent[] = []
    let page: EventsPage
    let cursor: string | undefined
    do {
      page = await this.feed.page(missed, { limit: this.behind ? 1 : 1000, order: 'desc', cursor }, signal)
      events.push(...page.events)
      cursor = page.next_cursor ?? undefined
      // More than is kept is only counted.
      if (page.total > KEPT) this.behind = true
    } while (cursor && !this.behind)
    for (const event of events) if (!this.since.has(event.sequence) && event.sequence < page.as_of) this.batch.push(held(event))
    this.counted = { asOf: page.as_of, total: total + page.total }
    for (const sequence of this.since) if (sequence < page.as_of) this.since.delete(sequence)
    this.publish()
  }

  private take(event: RecordedEvent): void {
    if (event.sequence < this.counted.asOf || this.since.has(event.sequence) || !this.within(event)) return
    this.since.add(event.sequence)
    this.batch.push(held(event))
  }

  /** A stream knows no range of time. */
  private within(event: RecordedEvent): boolean {
    if (this.selection.from === undefined) return true
    const { from } = moments(this.selection, this.selection.tz, clock.now())
    return from === undefined || Date.parse(event.occurred_at ?? event.received_at) >= from.getTime()
  }

  private become(state: Live['state']): void {
    this.state = state
    this.publish()
  }

  private publish(): void {
    const before = this.shown
    this.waiting.push(...this.batch)
    this.batch = []
    if (!this.paused) {
      if (this.waiting.length) this.shown = [...this.waiting, ...this.shown].sort(heldInOrder)
      this.waiting = []
    }
    if (this.shown.length + this.waiting.length > KEPT) {
      this.behind = true
      this.shown = this.shown.slice(0, KEPT)
    }
    // What is asked for again need not be kept.
    if (this.behind) this.waiting = []
    const came = this.counted.total + this.since.size
    const hidden = came - this.shown.length
    this.view = {
      state: this.state,
      events: this.shown === before ? this.view.events : this.shown.map(({ event }) => event),
      came,
      waiting: this.paused ? hidden : 0,
      missed: this.paused ? 0 : hidden,
      behind: this.behind,
    }
    for (const listener of this.listeners) listener()
  }
}

/** What comes after the rows, if `on`. While `paused` new events wait and are counted. */
export function useLive(rows: Rows | undefined, on: boolean, paused: boolean): Live {
  const [tail, setTail] = useState<{ rows: Rows; tail: Tail }>()
  const ready = rows !== undefined && rows.view.state === 'ready'
  let current = tail?.rows === rows ? tail?.tail : undefined
  if (ready && !current) {
    current = new Tail(feed, rows.selection, rows.view.asOf)
    setTail({ rows, tail: current })
  }
  // Nothing new comes into a range that has ended, or on top of the oldest.
  const follows = on && rows?.order === 'desc' && rows.selection.to === undefined
  useEffect(() => current?.pause(paused), [current, paused])
  useEffect(() => {
    current?.follow(follows)
    return () => current?.follow(false)
  }, [current, follows])
  return useSyncExternalStore(current?.subscribe ?? never, current?.snapshot ?? nothing)
}

const never = () => () => undefined
const nothing = () => NOTHING
