import { describe, expect, test } from 'vitest'
import type { Histogram } from '../api/events'
import { barsOf } from './bars'

const counted = (more: Partial<Histogram>): Histogram => ({ interval: 'day', buckets: [], total: 0, own_left_out: 0, as_of: 0, from: '2000-01-01T00:00:00Z', to: '2026-11-24T10:30:00.000Z', ...more })

describe('a bar is of the stretch its count is of', () => {
  const days = ['2026-11-21T23:00:00Z', '2026-11-22T23:00:00Z', '2026-11-23T23:00:00Z'].map((start, place) => ({ start, total: place + 1 }))

  test('the first begins with the range and the last ends with it', () => {
    const bars = barsOf(counted({ buckets: days, from: '2026-11-22T10:30:00.000Z' }), 'Europe/Berlin')
    expect(bars.map(({ from, to, total }) => [from, to, total])).toEqual([
      ['2026-11-22T10:30:00.000Z', '2026-11-22T23:00:00.000Z', 1],
      ['2026-11-22T23:00:00.000Z', '2026-11-23T23:00:00.000Z', 2],
      ['2026-11-23T23:00:00.000Z', '2026-11-24T10:30:00.000Z', 3],
    ])
    expect(bars[0]!.start).toEqual(new Date('2026-11-22T10:30:00Z'))
    expect(bars[2]!.end).toEqual(new Date('2026-11-24T10:30:00Z'))
  })

  test('whole buckets stay whole, and one bar is cut at both ends', () => {
    const whole = barsOf(counted({ buckets: days, from: '2026-11-21T23:00:00Z', to: '2026-11-24T23:00:00Z' }), 'Europe/Berlin')
    expect([whole[0]!.from, whole[2]!.to]).toEqual(['2026-11-21T23:00:00.000Z', '2026-11-24T23:00:00.000Z'])
    const [only] = barsOf(counted({ buckets: [days[2]!], from: '2026-11-24T09:00:00.123456Z', to: '2026-11-24T10:00:00.654321Z' }), 'Europe/Berlin')
    // To the microsecond, as it was asked.
    expect([only!.from, only!.to]).toEqual(['2026-11-24T09:00:00.123456Z', '2026-11-24T10:00:00.654321Z'])
  })

  test('a day with another offset, a week and a month end with the calendar', () => {
    const last = (interval: Histogram['interval'], start: string) => barsOf(counted({ interval, buckets: [{ start, total: 1 }], to: '2026-12-31T23:00:00Z' }), 'Europe/Berlin')[0]!.to
    expect(last('day', '2026-10-24T22:00:00Z')).toBe('2026-10-25T23:00:00.000Z')
    expect(last('week', '2026-10-18T22:00:00Z')).toBe('2026-10-25T23:00:00.000Z')
    expect(last('month', '2026-01-31T23:00:00Z')).toBe('2026-02-28T23:00:00.000Z')
  })
})
