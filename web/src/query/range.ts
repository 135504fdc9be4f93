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

/** What the picker shows of what can be typed. */
export const RANGE_EXAMPLES = ['past 4 h', '15 Jan to 22 Jan', '2026-01-15 10:00 to 11:30', 'Nov 2026', 'last month']

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
  const range = written(text, zone, now, weekStart)
  return range && !reversed(range, zone, now) ? range : undefined
}

/** Why what a person typed is no range. */
export function whyNoRange(text: string, zone: string, now: Date, weekStart: WeekStart): string {
  return written(text, zone, now, weekStart) ? t('This range ends before it begins') : t('This is no range of time')
}

function reversed(range: Range, zone: string, now: Date): boolean {
  if (range.to === undefined) return false
  const { from, to } = moments(range, zone, now)
  return from !== undefined && from >= to
}

/** What a person typed, whether or not it ends before it begins. */
function written(text: string, zone: string, now: Date, weekStart: WeekStart): Range | undefined {
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
  const { year } = wallClock(now, zone)
  if (typed === 'this year') return { from: `${year}-01-01` }
  if (typed === 'last year') return { from: `${year - 1}-01-01`, to: `${year - 1}-12-31` }
  const past = /^(?:(?:past|last|since|now ?-) ?)?(\d+) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?)(?: ago)?$/.exec(typed)
  if (past) {
    if (past[2]!.startsWith('mon')) return { from: `now-${Number(past[1]) * 30}d` }
    return { from: `now-${Number(past[1])}${past[2]![0]}` }
  }
  const two = /^(?:from )?(.+?)(?: to | until | - | – |\.\.|–)(.+)$/.exec(typed)
  if (two) {
    // "15 to 22 Jan": the month and the year may stand only once.
    const from = firstBound(two[1]!, zone, now) ?? firstBound(borrowed(two[1]!, two[2]!), zone, now)
    // "15 Jan 10:00 to 11:30": so may the day.
    const to = from && lastBound(two[2]!, zone, now, dayNamedBy(from, zone, now))
    return from && to ? { from, to } : undefined
  }
  const since = /^(?:since|after|from) (.+)$/.exec(typed)
  if (since) {
    const from = firstBound(since[1]!, zone, now)
    return from ? { from } : undefined
  }
  const until = /^(?:until|before|to) (.+)$/.exec(typed)
  if (until) {
    const to = typedBound(until[1]!, zone, now)
    return to ? { to } : undefined
  }
  const month = typedMonth(typed, zone, now)
  if (month) return { from: month.first, to: month.last }
  const one = typedBound(typed, zone, now)
  if (!one) return undefined
  return /^\d{4}-\d{2}-\d{2}$/.test(one) ? { from: one, to: one } : { from: one }
}

function borrowed(start: string, end: string): string {
  return /^\d{1,2}$/.test(start) ? end.replace(/^\d{1,2}/, start) : start
}

function firstBound(text: string, zone: string, now: Date): string | undefined {
  return typedMonth(text, zone, now)?.first ?? typedBound(text, zone, now)
}

function lastBound(text: string, zone: string, now: Date, day: Parts): string | undefined {
  return typedMonth(text, zone, now)?.last ?? typedBound(text, zone, now, day)
}

/** The day of a bound that names one; today for one that is so long ago. */
function dayNamedBy(bound: string, zone: string, now: Date): Parts {
  const at = bound.startsWith('now') ? undefined : moments({ from: bound }, zone, now).from
  return wallClock(at ?? now, zone)
}

/** "Nov 2026", "2026-11" or "Nov", which is the last one: its first and last day. */
function typedMonth(text: string, zone: string, now: Date): { first: string; last: string } | undefined {
  const today = wallClock(now, zone)
  const named = /^([a-z]{3,9})\.?(?:,? (\d{4}))?$/.exec(text.trim())
  const iso = /^(\d{4})-(\d{1,2})$/.exec(text.trim())
  const month = iso ? Number(iso[2]) : named ? monthOf(named[1]!) : 0
  if (month < 1 || month > 12) return undefined
  const year = Number(iso?.[1] ?? named?.[2] ?? (month <= today.month ? today.year : today.year - 1))
  return { first: isoDay(year, month, 1), last: isoDay(year, month + 1, 0) }
}

/** A day as the API takes it; days and months beyond the calendar's count on. */
function isoDay(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10)
}

const MONTH_NAMES = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']

/** The number of a month by its name or the beginning of it; 0 if it is none. */
function monthOf(word: string): number {
  return MONTH_NAMES.findIndex((name) => name.startsWith(word)) + 1
}

/**
 * One end: a day stays a day, so that the API takes all of it. A clock time alone is one of `day`,
 * which is today where nothing else names one.
 */
function typedBound(text: string, zone: string, now: Date, day?: Parts): string | undefined {
  const typed = text.trim()
  if (typed === 'now') return 'now'
  if (typed === 'today' || typed === 'yesterday') return typed
  const back = /^now-\d+[smhdw]$/.exec(typed)
  if (back) return typed
  const clockOnly = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(typed)
  const today = wallClock(now, zone)
  if (clockOnly) return at({ ...(day ?? today), hour: Number(clockOnly[1]), minute: Number(clockOnly[2]), second: Number(clockOnly[3] ?? 0) }, zone)
  if (/^\d{4}-\d{2}-\d{2}t.*(z|[+-]\d{2}:\d{2})$/.test(typed)) {
    const exact = new Date(typed.toUpperCase())
    return Number.isNaN(exact.getTime()) ? undefined : exact.toISOString()
  }
  const clock = /[ t,]+(?:at )?(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(typed)
  const dateText = clock ? typed.slice(0, clock.index).replace(/,$/, '') : typed
  const date = typedDate(dateText, today, zone)
  if (!date) return undefined
  const whole = new Date(Date.UTC(date.year, date.month - 1, date.day))
  if (whole.getUTCMonth() !== date.month - 1 || whole.getUTCDate() !== date.day) return undefined
  if (!clock) return whole.toISOString().slice(0, 10)
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
  const month = word ? monthOf(word) : 0
  if (!month) return undefined
  const day = Number(dayFirst?.[1] ?? monthFirst?.[2])
  const year = dayFirst?.[3] ?? monthFirst?.[3]
  if (year) return { year: Number(year), month, day, ...midnight }
  // Without a year it is the last such day.
  const past = month < today.month || (month === today.month && day <= today.day)
  return { year: past ? today.year : today.year - 1, month, day, ...midnight }
}

/** Whether a range goes on to this moment or beyond it. */
export function endsNow(range: Range, zone: string, now: Date): boolean {
  return range.to === undefined || moments(range, zone, now).to >= now
}

/**
 * The range before or after: whole months go by months and whole days by days, which may have 23 or
 * 25 hours; any other stretch by its length. Nothing where the range has no beginning.
 */
export function shifted(range: Range, direction: -1 | 1, zone: string, now: Date): Range | undefined {
  const { from, to } = moments(range, zone, now)
  if (!from) return undefined
  const days = wholeDays(range, from, to, zone)
  if (!days) {
    const by = direction * (to.getTime() - from.getTime())
    return { from: new Date(from.getTime() + by).toISOString(), to: new Date(to.getTime() + by).toISOString() }
  }
  const { first, last } = days
  const months = first.day === 1 && last.day === 1 ? (last.year - first.year) * 12 + last.month - first.month : 0
  const count = Math.round((asDay(last) - asDay(first)) / DAY_MS)
  const moved = (wall: Parts) => (months ? isoDay(wall.year, wall.month + direction * months, wall.day) : isoDay(wall.year, wall.month, wall.day + direction * count))
  const end = moved(last)
  const lastDay = isoDay(Number(end.slice(0, 4)), Number(end.slice(5, 7)), Number(end.slice(8, 10)) - 1)
  return { from: moved(first), to: lastDay }
}

/** The first day of a range and the one after its last, where it is made of whole days. One that is open goes to the end of today. */
function wholeDays(range: Range, from: Date, to: Date, zone: string): { first: Parts; last: Parts } | undefined {
  if (range.from?.startsWith('now')) return undefined
  const end = range.to === undefined ? startOfDay(to, zone, 1) : to
  if (startOfDay(from, zone).getTime() !== from.getTime() || startOfDay(end, zone).getTime() !== end.getTime() || end <= from) return undefined
  return { first: wallClock(from, zone), last: wallClock(end, zone) }
}

function asDay(wall: Parts): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day)
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
