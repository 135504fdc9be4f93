//! One record's state, rebuilt from the changes its events tell of.

import type { RecordedEvent } from '../api/client'
import { type Change, changeName } from '../words/event'

export interface StateField {
  path: string
  name: string
  value: unknown
  type?: string | null
  /** Display id of the event that set it last. */
  since: string
}

export interface Gap {
  name: string
  /** What the event before had set. */
  expected: unknown
  /** What this event says the value was. */
  found: unknown
  type?: string | null
}

export interface Moment {
  event: RecordedEvent
  /** Every field known after this event. */
  state: StateField[]
  /** Fields whose old value is not what was known: a change between was never told. */
  gaps: Gap[]
  changes: Change[]
}

/** The record after each of its events. The events are in order, the oldest first. */
export function rebuild(events: RecordedEvent[], type: string | undefined, id: string): Moment[] {
  const known = new Map<string, StateField>()
  return events.map((event) => {
    const gaps: Gap[] = []
    const target = event.targets?.[0]
    // Changes belong to the first target; where the record is another one they tell nothing of it.
    const changes = target?.id === id && (!type || target?.type === type) ? (event.changes ?? []) : []
    for (const change of changes) {
      const path = change.path ?? change.label ?? ''
      const before = known.get(path)
      if (before && change.old !== undefined && !same(before.value, change.old)) gaps.push({ name: changeName(change), expected: before.value, found: change.old, type: change.type })
      known.set(path, { path, name: changeName(change), value: change.new, type: change.type, since: same(before?.value, change.new) && before ? before.since : event.display_id })
    }
    return { event, state: [...known.values()], gaps, changes }
  })
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null)
}
