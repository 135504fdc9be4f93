//! Times as people read them: relative up to a day, then date and time, in a chosen zone.

/** Words for dates and numbers follow the browser's language. */
export const locale = typeof navigator === 'undefined' ? 'en-GB' : navigator.language || 'en-GB'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string, options: Intl.DateTimeFormatOptions, language = locale): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${JSON.stringify(options)}`
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(language, { timeZone: zone, ...options })
    formats.set(key, found)
  }
  return found
}

export function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}

export function isZone(name: string): boolean {
  try {
    format(name, {})
    return true
  } catch {
    return false
  }
}

/** Today's names of zones that browsers list under the name of before (the `backward` file of the IANA database). */
const NAMES_OF_TODAY = [
  'Africa/Asmara',
  'America/Argentina/Buenos_Aires',
  'America/Argentina/Catamarca',
  'America/Argentina/Cordoba',
  'America/Argentina/Jujuy',
  'America/Argentina/Mendoza',
  'America/Atikokan',
  'America/Indiana/Indianapolis',
  'America/Kentucky/Louisville',
  'America/Nuuk',
  'Asia/Ho_Chi_Minh',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Yangon',
  'Atlantic/Faroe',
  'Europe/Kyiv',
  'Pacific/Chuuk',
  'Pacific/Kanton',
  'Pacific/Pohnpei',
]

/** All zones the browser knows, with UTC first. One that was renamed stands under both names. */
export function zones(): string[] {
  const listed = new Set([...Intl.supportedValuesOf('timeZone'), ...NAMES_OF_TODAY.filter(isZone)])
  listed.delete('UTC')
  return ['UTC', ...[...listed].sort()]
}

/** The zones a text is part of; first those of which a place or region begins so. */
export function zonesLike(all: string[], text: string): string[] {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[_\s]+/g, ' ')
  const typed = plain(text.trim())
  const begins = (zone: string) => plain(zone).split('/').some((part) => part.startsWith(typed))
  const found = all.filter((zone) => plain(zone).includes(typed))
  return [...found.filter(begins), ...found.filter((zone) => !begins(zone))]
}

/** What the clock on the wall of a zone shows at a moment. */
export function wallClock(at: Date, zone: string): Parts {
  const parts = format(
    zone,
    { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' },
    'en-US-u-ca-gregory-nu-latn',
  ).formatToParts(at)
  const read = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value ?? 0)
  return { year: read('year'), month: read('month'), day: read('day'), hour: read('hour'), minute: read('minute'), second: read('second') }
}

function asUtc(wall: Parts): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second)
}

/** Offset of a zone at a moment, in milliseconds east of Greenwich. */
export function offsetAt(at: Date, zone: string): number {
  return asUtc(wallClock(at, zone)) - Math.floor(at.getTime() / 1000) * 1000
}

/**
 * The moment a wall clock of a zone shows. In the hour that is skipped in spring it is the moment
 * after the gap; in the hour that comes twice in autumn, the first one.
 */
export function momentOf(wall: Parts, zone: string): Date {
  const guess = asUtc(wall)
  const before = offsetAt(new Date(guess - DAY_MS), zone)
  const after = offsetAt(new Date(guess + DAY_MS), zone)
  for (const offset of [before, after]) {
    const at = new Date(guess - offset)
    if (offsetAt(at, zone) === offset) return at
  }
  return new Date(guess - before)
}

export function startOfDay(at: Date, zone: string, daysLater = 0): Date {
  const wall = wallClock(at, zone)
  return momentOf({ ...wall, day: wall.day + daysLater, hour: 0, minute: 0, second: 0 }, zone)
}

export type WeekStart = 'monday' | 'sunday' | 'saturday'

export function startOfWeek(at: Date, zone: string, weekStart: WeekStart): Date {
  const wall = wallClock(at, zone)
  const weekday = new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay()
  const first = { sunday: 0, monday: 1, saturday: 6 }[weekStart]
  return startOfDay(at, zone, -((weekday - first + 7) % 7))
}

export function startOfMonth(at: Date, zone: string): Date {
  return momentOf({ ...wallClock(at, zone), day: 1, hour: 0, minute: 0, second: 0 }, zone)
}

/** The day weeks begin with where the browser's language is spoken. */
export function localWeekStart(): WeekStart {
  try {
    const info = new Intl.Locale(locale) as Intl.Locale & {
      getWeekInfo?: () => { firstDay: number }
      weekInfo?: { firstDay: number }
    }
    const first = (info.getWeekInfo?.() ?? info.weekInfo)?.firstDay
    return first === 7 ? 'sunday' : first === 6 ? 'saturday' : 'monday'
  } catch {
    return 'monday'
  }
}

/** "24 Nov 2026, 10:45:32". */
export function dateTime(at: Date, zone: string): string {
  return format(zone, { dateStyle: 'medium', timeStyle: 'medium' }).format(at)
}

/** "24 Nov 2026, 10:45"; on a day whose offset changes with it, since an hour may come twice. */
export function dateMinute(at: Date, zone: string): string {
  return `${minuteOnly(at, zone)}${changesOffset(at, zone) ? ` ${shortOffset(at, zone)}` : ''}`
}

/** "24 Nov 2026, 10:45", where the offset stands beside it anyway. */
export function minuteOnly(at: Date, zone: string): string {
  return format(zone, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

const changing = new Map<string, boolean>()
const CHANGING_KEPT = 5_000

/** Whether the clocks of a zone are moved on the day of a moment. Asked for every row: a quarter of an hour has one answer. */
function changesOffset(at: Date, zone: string): boolean {
  const key = `${zone} ${Math.floor(at.getTime() / (HOUR_MS / 4))}`
  let found = changing.get(key)
  if (found === undefined) {
    if (changing.size >= CHANGING_KEPT) changing.clear()
    found = offsetAt(startOfDay(at, zone), zone) !== offsetAt(startOfDay(at, zone, 1), zone)
    changing.set(key, found)
  }
  return found
}

/** "+01", or "+05:30" where it is no whole hour. */
function shortOffset(at: Date, zone: string): string {
  return offsetName(at, zone).slice(3).replace(':00', '')
}

export function dateOnly(at: Date, zone: string): string {
  return format(zone, { dateStyle: 'medium' }).format(at)
}

/** "24 Nov" and "10:45:32", for a column of times; another year is named, and the offset on a day on which it changes. */
export function columnTime(at: Date, zone: string, now: Date): { date: string; time: string } {
  const year = format(zone, { year: 'numeric' })
  const sameYear = year.format(at) === year.format(now)
  const date = format(zone, sameYear ? { day: '2-digit', month: 'short' } : { day: '2-digit', month: 'short', year: 'numeric' }).format(at)
  const time = format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(at)
  return { date, time: changesOffset(at, zone) ? `${time} ${shortOffset(at, zone)}` : time }
}

/** A label of the axis of a chart whose bars are `stepMs` wide; as in a list, a clock time carries the offset on a day on which it changes. */
export function axisTime(at: Date, zone: string, stepMs: number): string {
  if (stepMs >= DAY_MS || startOfDay(at, zone).getTime() === at.getTime()) return format(zone, { day: 'numeric', month: 'short' }).format(at)
  const clock = format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  return changesOffset(at, zone) ? `${clock} ${shortOffset(at, zone)}` : clock
}

const relativeFormat = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })

/** "10 min ago", or nothing if it is more than a day away. */
export function relative(at: Date, now: Date): string | undefined {
  const ago = at.getTime() - now.getTime()
  const size = Math.abs(ago)
  if (size >= DAY_MS) return undefined
  if (size < 10_000) return relativeFormat.format(0, 'second')
  if (size < MINUTE_MS) return relativeFormat.format(Math.trunc(ago / 1000), 'second')
  if (size < HOUR_MS) return relativeFormat.format(Math.trunc(ago / MINUTE_MS), 'minute')
  return relativeFormat.format(Math.trunc(ago / HOUR_MS), 'hour')
}

/** Relative up to a day, then date and time. */
export function reading(at: Date, zone: string, now: Date): string {
  return relative(at, now) ?? dateMinute(at, zone)
}

/** "UTC+01:00" of a zone at a moment. */
export function offsetName(at: Date, zone: string): string {
  const minutes = Math.round(offsetAt(at, zone) / MINUTE_MS)
  const sign = minutes < 0 ? '-' : '+'
  const size = Math.abs(minutes)
  return `UTC${sign}${String(Math.trunc(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`
}

/** A time with its microseconds as it was sent, in UTC: "2026-11-24 06:20:51.592488". */
export function utcMicroseconds(text: string): string {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) return text
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  return `${at.toISOString().slice(0, 19).replace('T', ' ')}.${fraction.padEnd(6, '0').slice(0, 6)}`
}

/** "1.2 s", "145 ms", "3 min 20 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${number(ms)} ms`
  if (ms < MINUTE_MS) return `${number(ms / 1000, 2)} s`
  const minutes = Math.trunc(ms / MINUTE_MS)
  if (minutes < 60) return `${number(minutes)} min ${number(Math.round((ms % MINUTE_MS) / 1000))} s`
  return `${number(Math.trunc(minutes / 60))} h ${number(minutes % 60)} min`
}

const numbers = new Map<string, Intl.NumberFormat>()

/** A format of numbers; making one costs more than using it a hundred times. */
export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options)
  let found = numbers.get(key)
  if (!found) {
    found = new Intl.NumberFormat(locale, options)
    numbers.set(key, found)
  }
  return found
}

export function number(value: number, digits = 0): string {
  return numberFormat({ maximumFractionDigits: digits }).format(value)
}

export function bytes(value: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  let size = value
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  const short = numberFormat({ style: 'unit', unit: units[unit], unitDisplay: 'short', maximumFractionDigits: unit ? 1 : 0 })
  return short.format(size)
}
