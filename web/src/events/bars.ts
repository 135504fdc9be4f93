//! From the buckets of an answer to the bars of a chart.

import type { Histogram } from '../api/events'
import type { Bar } from '../parts/Bars'
import { type Interval, INTERVAL_MS } from '../query/range'
import { startOfDay, startOfMonth } from '../words/time'

/** As many bars as can still be told apart. */
export const BARS_MAX = 180

/**
 * Bars of an answer, each with the stretch its count is of: the first begins where the range does
 * and the last ends where it ends, though their buckets are longer.
 */
export function barsOf(counted: Histogram | undefined, zone: string): Bar[] {
  if (!counted) return []
  const { buckets, interval, from, to } = counted
  const [first, last] = [new Date(from), new Date(to)]
  return buckets.map((bucket, place) => {
    const next = buckets[place + 1]
    const [start, end] = [new Date(bucket.start), next ? new Date(next.start) : endOf(new Date(bucket.start), interval, zone)]
    const late = place === 0 && first > start
    const early = !next && last < end
    return {
      start: late ? first : start,
      end: early ? last : end,
      from: late ? from : start.toISOString(),
      to: early ? to : end.toISOString(),
      total: bucket.total,
      counts: bucket.counts ?? {},
    }
  })
}

function endOf(start: Date, interval: Interval, zone: string): Date {
  if (interval === 'day') return startOfDay(start, zone, 1)
  if (interval === 'week') return startOfDay(start, zone, 7)
  if (interval === 'month') return startOfMonth(startOfDay(start, zone, 32), zone)
  return new Date(start.getTime() + INTERVAL_MS[interval])
}
