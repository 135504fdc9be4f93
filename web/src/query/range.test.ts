import { describe, expect, test } from 'vitest'
import { momentOf, startOfDay, startOfWeek } from '../words/time'
import { RANGE_EXAMPLES, endsNow, intervalFor, moments, rangeWords, shifted, typedRange, whyNoRange } from './range'

const NOW = new Date('2026-11-24T10:30:00Z')
const read = (text: string, zone = 'Europe/Berlin') => typedRange(text, zone, NOW, 'monday')

describe('what people type', () => {
  test.each([
    ['past 4 h', { from: 'now-4h' }],
    ['last 15 minutes', { from: 'now-15m' }],
    ['7d', { from: 'now-7d' }],
    ['2 weeks ago', { from: 'now-2w' }],
    ['3 months', { from: 'now-90d' }],
    ['today', { from: 'today' }],
    ['yesterday', { from: 'yesterday', to: 'yesterday' }],
    ['15 Jan to 22 Jan', { from: '2026-01-15', to: '2026-01-22' }],
    ['15 to 22 Jan', { from: '2026-01-15', to: '2026-01-22' }],
    ['Dec 30', { from: '2025-12-30', to: '2025-12-30' }],
    ['15 January 2025 - 3 Feb 2026', { from: '2025-01-15', to: '2026-02-03' }],
    ['2026-01-15', { from: '2026-01-15', to: '2026-01-15' }],
    ['since 2026-01-15', { from: '2026-01-15' }],
    ['before 1 Nov', { to: '2026-11-01' }],
    ['2026-01-15 10:00 to 2026-01-15 11:30', { from: '2026-01-15T09:00:00.000Z', to: '2026-01-15T10:30:00.000Z' }],
    ['09:00 to now', { from: '2026-11-24T08:00:00.000Z', to: 'now' }],
    ['yesterday 10:00', { from: '2026-11-23T09:00:00.000Z' }],
    ['yesterday at 22:00 to today 06:00', { from: '2026-11-23T21:00:00.000Z', to: '2026-11-24T05:00:00.000Z' }],
    ['2026-01-15 10:00 to 11:30', { from: '2026-01-15T09:00:00.000Z', to: '2026-01-15T10:30:00.000Z' }],
    ['20 Nov 10:00 to 11:30', { from: '2026-11-20T09:00:00.000Z', to: '2026-11-20T10:30:00.000Z' }],
    ['yesterday 10:00 to 11:30', { from: '2026-11-23T09:00:00.000Z', to: '2026-11-23T10:30:00.000Z' }],
    ['1 Nov 2026 10:00 - 12:00', { from: '2026-11-01T09:00:00.000Z', to: '2026-11-01T11:00:00.000Z' }],
    ['2026-11-20T23:30:00Z to 01:00', { from: '2026-11-20T23:30:00.000Z', to: '2026-11-21T00:00:00.000Z' }],
    ['08:00 to 09:30', { from: '2026-11-24T07:00:00.000Z', to: '2026-11-24T08:30:00.000Z' }],
    ['now-4h to 11:00', { from: 'now-4h', to: '2026-11-24T10:00:00.000Z' }],
    ['Nov 2026', { from: '2026-11-01', to: '2026-11-30' }],
    ['february 2024', { from: '2024-02-01', to: '2024-02-29' }],
    ['2026-11', { from: '2026-11-01', to: '2026-11-30' }],
    ['dec', { from: '2025-12-01', to: '2025-12-31' }],
    ['Sep to Oct 2026', { from: '2026-09-01', to: '2026-10-31' }],
    ['since 2026-03', { from: '2026-03-01' }],
    ['this year', { from: '2026-01-01' }],
    ['last year', { from: '2025-01-01', to: '2025-12-31' }],
    ['all time', {}],
    ['this week', { from: '2026-11-22T23:00:00.000Z' }],
    ['last month', { from: '2026-09-30T22:00:00.000Z', to: '2026-10-31T23:00:00.000Z' }],
  ])('%s', (text, range) => expect(read(text)).toEqual(range))

  test.each(['', 'soon', '31 Feb', '22 Jan to 15 Jan', '25:00 to now', '2026-13-01'])('%s is no range', (text) => {
    expect(read(text)).toBeUndefined()
  })
})

test('the examples of the picker are ranges', () => {
  for (const example of RANGE_EXAMPLES) expect(read(example), example).toBeDefined()
})

test('what is no range says why', () => {
  const why = (text: string) => whyNoRange(text, 'Europe/Berlin', NOW, 'monday')
  expect(why('22 Jan to 15 Jan')).toBe('This range ends before it begins')
  expect(why('20 Nov 11:30 to 10:00')).toBe('This range ends before it begins')
  expect(why('Nov 2026 to Oct 2026')).toBe('This range ends before it begins')
  expect(why('soon')).toBe('This is no range of time')
})

describe('the range before and after', () => {
  const berlin = 'Europe/Berlin'
  test('goes by days of the calendar', () => {
    const day = { from: '2026-10-24', to: '2026-10-24' }
    const later = shifted(day, 1, berlin, NOW)!
    expect(later).toEqual({ from: '2026-10-25', to: '2026-10-25' })
    const { from, to } = moments(later, berlin, NOW)
    expect(to.getTime() - from!.getTime()).toBe(25 * 3_600_000)
    expect(shifted(later, -1, berlin, NOW)).toEqual(day)
    expect(shifted({ from: '2026-03-22', to: '2026-03-28' }, 1, berlin, NOW)).toEqual({ from: '2026-03-29', to: '2026-04-04' })
    // The same days where they are written as moments, as a drag over bars does.
    expect(shifted({ from: '2026-10-23T22:00:00.000Z', to: '2026-10-24T22:00:00.000Z' }, 1, berlin, NOW)).toEqual(later)
  })
  test('before today is yesterday', () => {
    expect(shifted({ from: 'today' }, -1, berlin, NOW)).toEqual({ from: '2026-11-23', to: '2026-11-23' })
    expect(shifted({ from: 'yesterday', to: 'yesterday' }, 1, berlin, NOW)).toEqual({ from: '2026-11-24', to: '2026-11-24' })
  })
  test('of a month is a month', () => {
    expect(shifted({ from: '2026-03-01', to: '2026-03-31' }, -1, berlin, NOW)).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(shifted(read('last month')!, -1, berlin, NOW)).toEqual({ from: '2026-09-01', to: '2026-09-30' })
    expect(shifted({ from: '2025-01-01', to: '2025-12-31' }, -1, berlin, NOW)).toEqual({ from: '2024-01-01', to: '2024-12-31' })
  })
  test('of any other stretch is as long', () => {
    expect(shifted({ from: 'now-4h' }, -1, berlin, NOW)).toEqual({ from: '2026-11-24T02:30:00.000Z', to: '2026-11-24T06:30:00.000Z' })
    expect(shifted({}, -1, berlin, NOW)).toBeUndefined()
    // Past 7 days, asked at midnight, is seven times 24 hours and no days of the calendar.
    const midnight = new Date('2026-11-23T23:00:00Z')
    expect(shifted({ from: 'now-24h' }, -1, berlin, midnight)!.from).toBe('2026-11-21T23:00:00.000Z')
  })
  test('is not later than now', () => {
    for (const range of [{ from: 'now-4h' }, { from: 'today' }, { from: '2026-11-24', to: '2026-11-24' }, {}]) expect(endsNow(range, berlin, NOW)).toBe(true)
    expect(endsNow({ from: '2026-11-23', to: '2026-11-23' }, berlin, NOW)).toBe(false)
  })
})

test('a bare day is the whole day of the zone', () => {
  expect(moments({ from: '2026-03-29', to: '2026-03-29' }, 'Europe/Berlin', NOW)).toEqual({
    from: new Date('2026-03-28T23:00:00Z'),
    to: new Date('2026-03-29T22:00:00Z'),
  })
})

test('clocks that jump', () => {
  const wall = { year: 2026, month: 10, day: 25, hour: 2, minute: 30, second: 0 }
  expect(momentOf(wall, 'Europe/Berlin').toISOString()).toBe('2026-10-25T00:30:00.000Z')
  expect(momentOf({ ...wall, month: 3, day: 29 }, 'Europe/Berlin').toISOString()).toBe('2026-03-29T01:30:00.000Z')
  expect(startOfDay(NOW, 'Pacific/Auckland').toISOString()).toBe('2026-11-23T11:00:00.000Z')
  expect(startOfWeek(NOW, 'UTC', 'sunday').toISOString()).toBe('2026-11-22T00:00:00.000Z')
})

test('bars are as fine as fits', () => {
  expect(intervalFor(3_600_000, 120)).toBe('minute')
  expect(intervalFor(7 * 86_400_000, 200)).toBe('hour')
  expect(intervalFor(90 * 86_400_000, 120)).toBe('day')
})

test('ranges are said in words', () => {
  expect(rangeWords({ from: 'now-7d', to: 'now-1d' }, 'UTC')).toBe('7 days ago to 1 day ago')
  expect(rangeWords({ from: 'now-90m', to: 'now' }, 'UTC')).toBe('90 minutes ago to now')
  expect(rangeWords({ from: 'yesterday' }, 'UTC')).toBe('since yesterday')
})

test('an address may hold anything', () => {
  const now = new Date('2026-11-24T10:00:00Z')
  for (const from of ['garbage', '2026-13-45', 'now-99999999999999d', '<b>', '99999-01-01T00:00:00Z', '']) {
    expect(() => rangeWords({ from, to: from }, 'Europe/Berlin')).not.toThrow()
    const { from: at } = moments({ from }, 'Europe/Berlin', now)
    expect(() => at?.toISOString()).not.toThrow()
  }
})

test('a time without an offset is one of the chosen zone', () => {
  const range = { from: '2026-11-24T10:00:00' }
  expect(moments(range, 'UTC', new Date()).from?.toISOString()).toBe('2026-11-24T10:00:00.000Z')
  expect(moments(range, 'Asia/Kolkata', new Date()).from?.toISOString()).toBe('2026-11-24T04:30:00.000Z')
  expect(rangeWords(range, 'Asia/Kolkata')).toContain('10:00')
  expect(rangeWords({ from: '2026-02-30' }, 'UTC')).toBe('since 2026-02-30')
})
