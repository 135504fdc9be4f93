import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { type Selection, fetchEvents, fetchHistogram } from '../api/events'
import { intervalFor } from '../query/range'
import { Rows, type RowsView } from './rows'
import { pinned } from './state'

/** The API takes no more than 5,000 bars; one is spared for each end. */
const BARS_MAX = 4_900

const source = {
  page: fetchEvents,
  pinned,
  async counts(selection: Selection, signal: AbortSignal) {
    const from = selection.from ?? (await fetchEvents(selection, { limit: 1, order: 'asc' }, signal)).events[0]?.occurred_at ?? undefined
    const newest = selection.to ?? (await fetchEvents(selection, { limit: 1, order: 'desc' }, signal)).events[0]?.occurred_at
    if (!from || !newest) return []
    // An event may lie exactly at the end.
    const to = selection.to ?? new Date(Date.parse(newest) + 1000).toISOString()
    const interval = intervalFor(Date.parse(to) - Date.parse(from), BARS_MAX)
    return (await fetchHistogram({ ...selection, from, to }, { interval }, signal)).buckets
  },
}

const NOTHING: RowsView = { state: 'loading', total: 0, ownLeftOut: 0, asOf: 0, version: 0 }

export interface RowsNow {
  rows: Rows | undefined
  view: RowsView
  /** The rows are those of the question before; the new ones are on their way. */
  stale: boolean
  /** The question was given up before it was answered. */
  cancelled: boolean
  cancel: () => void
}

/** The rows of a selection. While a new question is on its way, the old rows stay. */
export function useRows(selection: Selection, order: 'asc' | 'desc', asked: number): RowsNow {
  const key = JSON.stringify([selection, order, asked])
  const [current, setCurrent] = useState<{ key: string; rows: Rows }>()
  const [given, setGiven] = useState<string>()
  const asking = useRef<Rows>(undefined)
  useEffect(() => {
    const [wanted, wantedOrder] = JSON.parse(key) as [Selection, 'asc' | 'desc']
    const rows = new Rows(source, wanted, wantedOrder)
    asking.current = rows
    setGiven(undefined)
    const show = () => {
      if (rows.view.state === 'loading') return
      setCurrent({ key, rows })
      unsubscribe()
    }
    const unsubscribe = rows.subscribe(show)
    return () => {
      unsubscribe()
      rows.close()
    }
  }, [key])
  const view = useSyncExternalStore(current?.rows.subscribe ?? never, current?.rows.snapshot ?? nothing)
  const cancel = () => {
    asking.current?.close()
    setGiven(key)
  }
  return { rows: current?.rows, view, stale: current !== undefined && current.key !== key, cancelled: given === key && current?.key !== key, cancel }
}

const never = () => () => undefined
const nothing = () => NOTHING
