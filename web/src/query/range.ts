//! Ranges of time: typed, picked and dragged. A range is two texts as the API takes them.

import { DAY_MS, HOUR_MS, MINUTE_MS, type Parts, type WeekStart, dateMinute, dateOnly, momentOf, startOfDay, startOfMonth, startOfWeek, wallClock } from '../words/time'
import { t } from '../words/i18n'

/** `from` included, `to` excluded; absent is open. `now-7d`, a day `2026-01-15`, or RFC 3339. */
export interface Range {
  from?: string
  to?: string
}

export const DEFAULT_RANGE: Range = { from: 'now-7d' }

/** The list one picks from. */
export const QUICK_RANGES: { words: string; range: Range }[] = [
  { words: 'Past 15 minutes', range: { from: 'now-15m' } },
  { words: 'Past hour', range: { from: 'now-1h' } },
  { words: 'Past 4 hours', range: { from: 'now-4h' } },
  { words: 'Past 24 hours', range: { from: 'now-24h' } },
  { words: 'Past 7 days', range: { from: 'now-7d' } },
  { words: 'Past 30 days', range: { from: 'now-30d' } },
  { words: 'Past 90 days', range: { from: 'now-90d' } },
  { words: 'Today', range: { from: 'today' } },
  { words: 'Yesterday', range: { from: 'yesterday', to: 'yesterday' } },
  { words: 'All time', range: {} },
]

const UNIT_MS: Record<string, number> = { s: 1000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS }

/** The moments a range means now. An open start has none. */
export function moments(range: Range, zone: string, now: Date): { from?: Date; to: Date } {
  return {
    from: range.from === undefined ? undefined : known(moment(range.from, zone, now, false)),
    to: (range.to === undefined ? undefined : known(moment(range.to, zone, now, true))) ?? now,
  }
}

/** A moment that can be written down: an address may hold anything. */
function known(at: Date | undefined): Date | undefined {
  return at && Number.isFinite(at.getTime()) && at.getFullYear() > 0 && at.getFullYear() < 10_000 ? at : undefined
}

function moment(text: string, zone: string, now: Date, end: boolean): Date | undefined {
  const relative = /^now(?:-(\d+)([smhdw]))?$/i.exec(text)
  if (relative) {
    const back = relative[1] ? Number(relative[1]) * UNIT_MS[relative[2]!.toLowerCase()]! : 0
    return new Date(now.getTime() - back)
  }
  if (text === 'today') return startOfDay(now, zone, end ? 1 : 0)
  if (text === 'yesterday') return startOfDay(now, zone, end ? 0 : -1)
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (day) {
    const wall = { year: Number(day[1]), month: Number(day[2]), day: Number(day[3]) + (end ? 1 : 0), hour: 0, minute: 0, second: 0 }
    return momentOf(wall, zone)
  }
  // A time without an offset is one of the chosen zone, as the API reads it.
  const local = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?$/.exec(text)
  if (local) {
    const [year, month, day, hour, minute, second] = local.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number]
    return momentOf({ year, month, day, hour, minute, second }, zone)
  }
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** A range in words. */
export function rangeWords(range: Range, zone: string): string {
  const quick = QUICK_RANGES.find((one) => one.range.from === range.from && one.range.to === range.to)
  if (quick) return t(quick.words)
  const past = /^now-(\d+)([smhdw])$/.exec(range.from ?? '')
  if (past && range.to === undefined) return t('Past {{n}} {{unit}}', { n: past[1], unit: unitWord(past[2]!, Number(past[1])) })
  const from = range.from === undefined ? undefined : boundWords(range.from, zone)
  const to = range.to === undefined ? undefined : boundWords(range.to, zone)
  if (from && to) return from === to ? from : t('{{from}} to {{to}}', { from, to })
  return from ? t('since {{from}}', { from }) : t('until {{to}}', { to })
}

function unitWord(unit: string, count: number): string {
  const words: Record<string, [string, string]> = {
    s: ['second', 'seconds'],
    m: ['minute', 'minutes'],
    h: ['hour', 'hours'],
    d: ['day', 'days'],
    w: ['week', 'weeks'],
  }
  return t(words[unit]![count === 1 ? 0 : 1])
}

function boundWords(text: string, zone: string): string {
  const back = /^now-(\d+)([smhdw])$/i.exec(text)
  if (back) return t('{{n}} {{unit}} ago', { n: back[1], unit: unitWord(back[2]!.toLowerCase(), Number(back[1])) })
  if (/^(now|today|yesterday)$/i.test(text)) return t(text.toLowerCase())
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  const at = known(day ? new Date(`${text}T12:00:00Z`) : moment(text, zone, new Date(), false))
  // A day that no calendar has is shown as it was written, beside what the API says of it.
  if (!at || (day && at.toISOString().slice(0, 10) !== text)) return text
  return day ? dateOnly(at, 'UTC') : dateMinute(at, zone)
}

/** Reads what a person typed; nothing if it is no range. */
export function typedRange(text: string, zone: string, now: Date, weekStart: WeekStart): Range | undefined {
  const typed = text.trim().toLowerCase().replaceAll(/\s+/g, ' ')
  if (!typed) return undefined
  if (/^(all|all time|everything|ever)$/.test(typed)) return {}
  if (typed === 'today') return { from: 'today' }
  if (typed === 'yesterday') return { from: 'yesterday', to: 'yesterday' }
  if (typed === 'this week') return { from: startOfWeek(now, zone, weekStart).toISOString() }
  if (typed === 'this month') return { from: startOfMonth(now, zone).toISOString() }
  if (typed === 'last week') {
    const to = startOfWeek(now, zone, weekStart)
    return { from: startOfDay(to, zone, -7).toISOString(), to: to.toISOString() }
  }
  if (typed === 'last month') {
    const to = startOfMonth(now, zone)
    return { from: startOfMonth(new Date(to.getTime() - HOUR_MS), zone).toISOString(), to: to.toISOString() }
  }
  const past = /^(?:(?:past|last|since|now ?-) ?)?(\d+) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?)(?: ago)?$/.exec(typed)
  if (past) {
    if (past[2]!.startsWith('mon')) return { from: `now-${Number(past[1]) * 30}d` }
    return { from: `now-${Number(past[1])}${past[2]![0]}` }
  }
  const two = /^(?:from )?(.+?)(?: to | until | - | – |\.\.|–)(.+)$/.exec(typed)
  if (two) {
    const end = typedBound(two[2]!, zone, now)
    // "15 to 22 Jan": the month and the year may stand only once.
    const start = typedBound(two[1]!, zone, now) ?? typedBound(borrowed(two[1]!, two[2]!), zone, now)
    if (!start || !end) return undefined
    const range = { from: start, to: end }
    const times = moments(range, zone, now)
    return times.from && times.from < times.to ? range : undefined
  }
  const since = /^(?:since|after|from) (.+)$/.exec(typed)
  if (since) {
    const from = typedBound(since[1]!, zone, now)
    return from ? { from } : undefined
  }
  const until = /^(?:until|before|to) (.+)$/.exec(typed)
  if (until) {
    const to = typedBound(until[1]!, zone, now)
    return to ? { to } : undefined
  }
  const one = typedBound(typed, zone, now)
  if (!one) return undefined
  return /^\d{4}-\d{2}-\d{2}$/.test(one) ? { from: one, to: one } : { from: one }
}

function borrowed(start: string, end: string): string {
  return /^\d{1,2}$/.test(start) ? end.replace(/^\d{1,2}/, start) : start
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** One end: a day stays a day, so that the API takes all of it. */
function typedBound(text: string, zone: string, now: Date): string | undefined {
  const typed = text.trim()
  if (typed === 'now') return 'now'
  if (typed === 'today' || typed === 'yesterday') return typed
  const back = /^now-\d+[smhdw]$/.exec(typed)
  if (back) return typed
  const clockOnly = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(typed)
  const today = wallClock(now, zone)
  if (clockOnly) return at({ ...today, hour: Number(clockOnly[1]), minute: Number(clockOnly[2]), second: Number(clockOnly[3] ?? 0) }, zone)
  if (/^\d{4}-\d{2}-\d{2}t.*(z|[+-]\d{2}:\d{2})$/.test(typed)) {
    const exact = new Date(typed.toUpperCase())
    return Number.isNaN(exact.getTime()) ? undefined : exact.toISOString()
  }
  const clock = /[ t,]+(?:at )?(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(typed)
  const dateText = clock ? typed.slice(0, clock.index).replace(/,$/, '') : typed
  const date = typedDate(dateText, today, zone)
  if (!date) return undefined
  const day = new Date(Date.UTC(date.year, date.month - 1, date.day))
  if (day.getUTCMonth() !== date.month - 1 || day.getUTCDate() !== date.day) return undefined
  if (!clock) return day.toISOString().slice(0, 10)
  return at({ ...date, hour: Number(clock[1]), minute: Number(clock[2]), second: Number(clock[3] ?? 0) }, zone)
}

function at(wall: Parts, zone: string): string | undefined {
  if (wall.hour > 23 || wall.minute > 59 || wall.second > 59) return undefined
  return momentOf(wall, zone).toISOString()
}

function typedDate(text: string, today: Parts, zone: string): Parts | undefined {
  const midnight = { hour: 0, minute: 0, second: 0 }
  if (text === 'today') return { ...today, ...midnight }
  if (text === 'yesterday') return wallClock(startOfDay(momentOf(today, zone), zone, -1), zone)
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text)
  if (iso) return { year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]), ...midnight }
  const dayFirst = /^(\d{1,2})\.? ?([a-z]{3,9})\.?,? ?(\d{4})?$/.exec(text)
  const monthFirst = /^([a-z]{3,9})\.? ?(\d{1,2}),? ?(\d{4})?$/.exec(text)
  const word = dayFirst?.[2] ?? monthFirst?.[1]
  const month = word ? MONTHS.indexOf(word.slice(0, 3)) + 1 : 0
  if (!month) return undefined
  const day = Number(dayFirst?.[1] ?? monthFirst?.[2])
  const year = dayFirst?.[3] ?? monthFirst?.[3]
  if (year) return { year: Number(year), month, day, ...midnight }
  // Without a year it is the last such day.
  const past = month < today.month || (month === today.month && day <= today.day)
  return { year: past ? today.year : today.year - 1, month, day, ...midnight }
}

export type Interval = 'minute' | 'quarter' | 'hour' | 'day' | 'week' | 'month'

export const INTERVAL_MS: Record<Interval, number> = {
  minute: MINUTE_MS,
  quarter: 15 * MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
}

/** The finest width of bars that needs no more than `most` of them. */
export function intervalFor(spanMs: number, most: number): Interval {
  for (const interval of Object.keys(INTERVAL_MS) as Interval[]) {
    if (spanMs / INTERVAL_MS[interval] <= most) return interval
  }
  return 'month'
}
