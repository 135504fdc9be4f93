import { useQuery } from '@tanstack/react-query'
import { clock } from '../api/clock'
import { type Selection, eventsQuery, histogramQuery } from '../api/events'
import { Bars, BarsTable, NotCounted } from '../parts/Bars'
import { intervalFor, moments } from '../query/range'
import { valueWord } from '../words/event'
import { t } from '../words/i18n'
import { BARS_MAX, barsOf } from './bars'
import type { EventsState } from './state'

const LAYERS: Record<string, { value: string; colour: string }[]> = {
  category: ['record_change', 'user_activity', 'view', 'api_request', 'system', 'security'].map((value) => ({ value, colour: `category-${value}` })),
  outcome: ['success', 'warning', 'unknown', 'failure', 'denied'].map((value) => ({ value, colour: `outcome-${value}` })),
  severity: ['info', 'low', 'medium', 'high', 'critical'].map((value) => ({ value, colour: `severity-${value}` })),
}

export function layersFor(split: string): { value: string; words: string; colour: string }[] {
  return (LAYERS[split] ?? LAYERS.category!).map((layer) => ({ ...layer, words: valueWord(split, layer.value) }))
}

/** How many events there were when; dragging over it narrows the range. */
export function Timeline({ state, asked, total }: { state: EventsState; asked: number; total: number }) {
  const { selection, search } = state
  const split = search.split ?? 'category'
  const oldest = useQuery({ ...eventsQuery({ ...selection }, 1, 'asc'), enabled: selection.from === undefined && total > 0 })
  const times = moments(selection, selection.tz, clock.now())
  const first = times.from ?? (oldest.data?.events[0]?.occurred_at ? new Date(oldest.data.events[0].occurred_at) : undefined)
  const interval = first ? intervalFor(times.to.getTime() - first.getTime(), BARS_MAX) : 'day'
  const asks: Selection = { ...selection, from: selection.from ?? first?.toISOString() }
  const histogram = useQuery({ ...histogramQuery(asks, { interval, split }, asked), enabled: first !== undefined })
  const props = {
    bars: barsOf(histogram.data, selection.tz),
    layers: layersFor(split),
    label: t('Events over time by {{split}}', { split: { category: t('category'), outcome: t('outcome'), severity: t('severity') }[split] ?? split }),
    loading: histogram.isLoading || histogram.isPlaceholderData || oldest.isLoading,
    onPick: (from: string, to: string) => state.setRange({ from, to }),
  }
  const failed = [histogram, oldest].find((one) => one.error && !one.data)
  if (failed) return <NotCounted label={props.label} error={failed.error} retry={() => void failed.refetch()} />
  return search.chart === 'table' ? <BarsTable {...props} /> : <Bars {...props} />
}

