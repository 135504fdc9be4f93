//! New events as they come, on top of those the first page saw.

import { useEffect, useRef, useState } from 'react'
import type { RecordedEvent } from '../api/client'
import { type Selection, fetchEvents, tailPath } from '../api/events'
import { noticeFailure } from '../queries'
import { both } from '../query/terms'

/** Rows that are kept on top; older ones are found by asking again. */
const KEPT = 5_000

export interface Live {
  events: RecordedEvent[]
  waiting: number
  state: 'off' | 'opening' | 'open' | 'broken'
  /** Events that were passed over because this browser was too slow. */
  missed: number
  show: () => void
}

/** Follows a selection from the place `asOf` on. While `paused` new events wait and are counted. */
export function useLive(selection: Selection, asOf: number | undefined, on: boolean, paused: boolean): Live {
  const [shown, setShown] = useState<RecordedEvent[]>([])
  const [waiting, setWaiting] = useState<RecordedEvent[]>([])
  const [state, setState] = useState<Live['state']>('off')
  const [missed, setMissed] = useState(0)
  const rest = useRef(paused)
  rest.current = paused
  const key = JSON.stringify(selection)

  useEffect(() => {
    setShown([])
    setWaiting([])
    setMissed(0)
    if (!on || asOf === undefined) {
      setState('off')
      return
    }
    setState('opening')
    const wanted = JSON.parse(key) as Selection
    const seen = new Set<number>()
    const stop = new AbortController()
    let batch: RecordedEvent[] = []
    const take = (event: RecordedEvent) => {
      if (event.sequence < asOf || seen.has(event.sequence)) return
      seen.add(event.sequence)
      batch.push(event)
    }
    // Many events a second become one change of the screen.
    const timer = setInterval(() => {
      if (!batch.length) return
      const fresh = batch.sort((one, other) => other.sequence - one.sequence)
      batch = []
      const put = (before: RecordedEvent[]) => [...fresh, ...before].slice(0, KEPT)
      if (rest.current) setWaiting(put)
      else setShown(put)
    }, 250)
    let source: EventSource
    let again: ReturnType<typeof setTimeout> | undefined
    let failures = 0
    // What came between the first page and the stream, or while there was none.
    const catchUp = async () => {
      let cursor: string | undefined
      let total = 0
      do {
        const page = await fetchEvents({ ...wanted, q: both(wanted.q ?? '', `sequence:>=${asOf}`), from: undefined, to: undefined }, { limit: 1000, order: 'desc', cursor }, stop.signal)
        page.events.forEach(take)
        total = page.total
        cursor = page.next_cursor ?? undefined
      } while (cursor && seen.size < Math.min(total, KEPT))
      // What is not here although it came is said to be missing.
      setMissed(Math.max(0, total - seen.size))
    }
    const connect = () => {
      source = new EventSource(tailPath(wanted))
      source.addEventListener('open', () => {
        failures = 0
        setState('open')
        catchUp().catch(() => undefined)
      })
      source.addEventListener('event', (message) => take(JSON.parse((message as MessageEvent<string>).data) as RecordedEvent))
      source.addEventListener('gap', (message) => {
        const gap = JSON.parse((message as MessageEvent<string>).data) as { first: number; last: number }
        setMissed((before) => before + gap.last - gap.first + 1)
      })
      source.addEventListener('error', () => {
        setState('broken')
        // The browser tries again by itself unless it was refused; then the reason is asked for.
        if (source.readyState !== EventSource.CLOSED) return
        again = setTimeout(() => void reconnect(), Math.min(30_000, 1000 * 2 ** failures))
        failures += 1
      })
    }
    const reconnect = async () => {
      await catchUp().catch(noticeFailure)
      if (!stop.signal.aborted) connect()
    }
    connect()
    return () => {
      stop.abort()
      clearInterval(timer)
      clearTimeout(again)
      source.close()
    }
  }, [key, asOf, on])

  const show = () => {
    setShown((before) => [...waiting, ...before].slice(0, KEPT))
    setWaiting([])
  }
  return { events: shown, waiting: waiting.length, state, missed, show }
}
