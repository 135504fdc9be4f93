import { describe, expect, test } from 'vitest'
import { momentOf, startOfDay, startOfWeek } from '../words/time'
import { intervalFor, moments, rangeWords, typedRange } from './range'

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
    ['all time', {}],
    ['this week', { from: '2026-11-22T23:00:00.000Z' }],
    ['last month', { from: '2026-09-30T22:00:00.000Z', to: '2026-10-31T23:00:00.000Z' }],
  ])('%s', (text, range) => expect(read(text)).toEqual(range))

  test.each(['', 'soon', '31 Feb', '22 Jan to 15 Jan', '25:00 to now', '2026-13-01'])('%s is no range', (text) => {
    expect(read(text)).toBeUndefined()
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
