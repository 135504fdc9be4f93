import { useQuery } from '@tanstack/react-query'
import { type Selection, eventsQuery, histogramQuery } from '../api/events'
import { type Bar, Bars, BarsTable } from '../parts/Bars'
import { type Interval, INTERVAL_MS, intervalFor, moments } from '../query/range'
import { valueWord } from '../words/event'
import { t } from '../words/i18n'
import { startOfDay, startOfMonth } from '../words/time'
import type { EventsState } from './state'

const BARS = 180

const LAYERS: Record<string, { value: string; colour: string }[]> = {
  category: ['record_change', 'user_activity', 'view', 'api_request', 'system', 'security'].map((value) => ({ value, colour: `category-${value}` })),
  outcome: ['success', 'warning', 'unknown', 'failure', 'denied'].map((value) => ({ value, colour: `outcome-${value}` })),
  severity: ['info', 'low', 'medium', 'high', 'critical'].map((value) => ({ value, colour: `severity-${value}` })),
}

export function layersFor(split: string): { value: string; words: string; colour: string }[] {
  return (LAYERS[split] ?? LAYERS.category!).map((layer) => ({ ...layer, words: valueWord(split, layer.value) }))
}

/** Bars of an answer, each with its end. */
export function barsOf(buckets: { start: string; total: number; counts?: Record<string, number> }[], interval: Interval, zone: string): Bar[] {
  return buckets.map((bucket, place) => {
    const start = new Date(bucket.start)
    const next = buckets[place + 1]
    const end = next ? new Date(next.start) : interval === 'day' ? startOfDay(start, zone, 1) : interval === 'month' ? startOfMonth(startOfDay(start, zone, 32), zone) : new Date(start.getTime() + INTERVAL_MS[interval])
    return { start, end, total: bucket.total, counts: bucket.counts ?? {} }
  })
}

/** How many events there were when; dragging over it narrows the range. */
export function Timeline({ state, asked, total }: { state: EventsState; asked: number; total: number }) {
  const { selection, search } = state
  const split = search.split ?? 'category'
  const oldest = useQuery({ ...eventsQuery({ ...selection }, 1, 'asc'), enabled: selection.from === undefined && total > 0 })
  const now = new Date()
  const times = moments(selection, selection.tz, now)
  const first = times.from ?? (oldest.data?.events[0]?.occurred_at ? new Date(oldest.data.events[0].occurred_at) : undefined)
  const interval = first ? intervalFor(times.to.getTime() - first.getTime(), BARS) : 'day'
  const asks: Selection = { ...selection, from: selection.from ?? first?.toISOString() }
  const histogram = useQuery({ ...histogramQuery(asks, { interval, split }, asked), enabled: first !== undefined })
  const bars = barsOf(histogram.data?.buckets ?? [], interval, selection.tz)
  const props = {
    bars,
    layers: layersFor(split),
    label: t('Events over time by {{split}}', { split: { category: t('category'), outcome: t('outcome'), severity: t('severity') }[split] ?? split }),
    loading: histogram.isLoading || histogram.isPlaceholderData,
    onPick: (from: Date, to: Date) => state.setRange({ from: from.toISOString(), to: to.toISOString() }),
  }
  return search.chart === 'table' ? <BarsTable {...props} /> : <Bars {...props} />
}

