//! Moments at which a record is looked at.

import { typedRange } from '../query/range'
import type { WeekStart } from '../words/time'

/** The microsecond after a time (RFC 3339): a moment before which the event has happened. */
export function justAfter(time: string): string {
  const fraction = /T[\d:]+\.(\d+)/.exec(time)?.[1] ?? ''
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6)) + 1
  const second = Math.floor(Date.parse(time) / 1000) + (micros === 1_000_000 ? 1 : 0)
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(micros % 1_000_000).padStart(6, '0')}Z`
}

/** The moment a person typed, as the API takes it: a day stays a day, whose end is meant. Nothing if it is none. */
export function typedMoment(text: string, zone: string, now: Date, weekStart: WeekStart): string | undefined {
  const typed = text.trim()
  const from = typedRange(typed, zone, now, weekStart)?.from
  // A time that was written out keeps what is behind its milliseconds.
  return from && /t.*\.\d+(z|[+-]\d{2}:\d{2})$/i.test(typed) ? typed.toUpperCase() : from
}
