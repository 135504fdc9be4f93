//! The events page's state: its address, read and changed in one place.

import { useNavigate, useSearch } from '@tanstack/react-router'
import { type RefObject, useCallback, useMemo, useRef } from 'react'
import { clock } from '../api/clock'
import type { Selection } from '../api/events'
import { type Range, moments } from '../query/range'
import { both, excluding, terms, toggled, withoutTerm } from '../query/terms'
import { useTenant, useZone } from '../session/session'
import { type EventSearch, rangeOf, rangeSearch } from '../urls'

export interface EventsState {
  search: EventSearch
  range: Range
  selection: Selection
  /** Changes part of the address. A change of the question closes the open entry's place in the list, not the entry. */
  set: (part: Partial<EventSearch>, how?: 'push' | 'replace') => void
  setQuery: (q: string) => void
  setRange: (range: Range) => void
  /** The search line: what is typed there and not run yet counts, whichever way the search is changed. */
  box: RefObject<SearchLine | null>
  add: (field: string, value: string) => void
  exclude: (field: string, value: string) => void
  /** Takes a term away. */
  remove: (term: string) => void
}

/** The line a search is typed in. */
export interface SearchLine {
  focus: () => void
  /** What stands there, run or not. */
  text: () => string
  put: (text: string) => void
}

export function useEventsState(): EventsState {
  const search: EventSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const tenant = useTenant().name
  const tz = useZone()
  const box = useRef<SearchLine>(null)
  const set = useCallback(
    (part: Partial<EventSearch>, how: 'push' | 'replace' = 'push') => {
      // The moment is one of the history that is shown.
      const closed = 'event' in part || 'part' in part ? { moment: undefined } : undefined
      void navigate({ to: '.', search: ((before: EventSearch) => cleaned({ ...before, ...closed, ...part })) as never, replace: how === 'replace' })
    },
    [navigate],
  )
  return useMemo(() => {
    const range = rangeOf(search)
    const selection: Selection = cleaned({ tenant, tz, q: search.q, from: range.from, to: range.to, own: search.own })
    const setQuery = (q: string) => set({ q: q.trim() || undefined })
    const change = (how: (q: string) => string) => {
      const q = how(box.current?.text() ?? search.q ?? '').trim()
      box.current?.put(q)
      setQuery(q)
    }
    return {
      search,
      range,
      selection,
      set,
      setQuery,
      setRange: (next) => set({ ...rangeSearch(next), live: next.to === undefined ? search.live : undefined }),
      box,
      add: (field, value) => change((q) => toggled(q, field, value)),
      exclude: (field, value) => change((q) => excluding(q, field, value)),
      remove: (term) => change((q) => withoutTerm(q, terms(q).findIndex((one) => one.text === term))),
    }
  }, [search, tenant, tz, set])
}

function cleaned<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== '')) as T
}

/** A selection whose answers do not change: its times are fixed and later events are left out. */
export function pinned(selection: Selection, asOf: number): Selection {
  const range = moments(selection, selection.tz, clock.now())
  return {
    ...selection,
    q: both(selection.q ?? '', `sequence:<${asOf}`),
    from: range.from?.toISOString(),
    to: selection.to === undefined ? undefined : range.to.toISOString(),
  }
}
