import { Button, SegmentedControl, Tooltip } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Fragment, type ReactNode, useState } from 'react'
import { type HighPriority, type Summary, countQuery, histogramQuery, summaryQuery } from '../api/events'
import { justAfter } from '../entry/moment'
import { NothingYet } from '../events/NothingYet'
import { saveBlob } from '../events/exports'
import { layersFor } from '../events/Timeline'
import { BARS_MAX, barsOf } from '../events/bars'
import { csv } from '../overview/csv'
import { Bars, BarsTable, NotCounted } from '../parts/Bars'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { useKeys } from '../parts/keys'
import { Severity } from '../parts/marks'
import { Time } from '../parts/Time'
import { intervalFor, moments } from '../query/range'
import { termText } from '../query/terms'
import { useNow, useTenant, useWeekStart, useZone } from '../session/session'
import { urls } from '../urls'
import { actorName, sentence } from '../words/event'
import { t } from '../words/i18n'
import { bytes, number } from '../words/time'

/** Words and colour of the groups the server counts. */
const GROUPS: Record<string, { words: () => string; colour: string }> = {
  record_changes: { words: () => t('Record changes'), colour: 'category-record_change' },
  user_actions: { words: () => t('User actions'), colour: 'category-user_activity' },
  system_events: { words: () => t('System events'), colour: 'category-system' },
  security_events: { words: () => t('Security events'), colour: 'category-security' },
}

const SPANS = { '24h': 'now-24h', '7d': 'now-7d', '30d': 'now-30d' } as const
const HIGH = 'severity:>=high'
/** What the server counts types and high priority over. */
const MONTH = 'now-30d'

export default function OverviewPage() {
  const tenant = useTenant()
  const zone = useZone()
  const weekStart = useWeekStart()
  const now = useNow()
  const navigate = useNavigate()
  const { span = '24h' } = useSearch({ from: '/t/$tenant/overview' })
  const [table, setTable] = useState(false)
  useKeys({ v: () => setTable(!table) })
  const base = { tenant: tenant.name, tz: zone }
  const from = SPANS[span]

  const summary = useQuery({ ...summaryQuery(tenant.name, zone, weekStart), refetchInterval: 15_000 })
  const periods = [
    { words: t('Today'), to: { from: 'today' }, events: summary.data?.today.events },
    { words: t('This week'), to: { from: summary.data?.this_week.from }, events: summary.data?.this_week.events },
    { words: t('This month'), to: { from: summary.data?.this_month.from }, events: summary.data?.this_month.events },
  ]
  const groups = (summary.data?.activity ?? []).map((one) => ({ ...one, ...(GROUPS[one.group] ?? { words: () => one.group, colour: '' }) }))
  const high = summary.data?.high_priority

  const times = moments({ from }, zone, now)
  const interval = intervalFor(now.getTime() - times.from!.getTime(), BARS_MAX)
  const histogram = useQuery({ ...histogramQuery({ ...base, from }, { interval, split: 'category' }), refetchInterval: 30_000 })
  const bars = {
    bars: barsOf(histogram.data, zone),
    layers: layersFor('category'),
    label: t('Events over time by category'),
    height: 180,
    loading: histogram.isFetching && !histogram.data,
    onPick: (start: string, end: string) => void navigate({ href: urls.events(tenant.name, { from: start, to: end }) }),
  }
  const quiet = summary.data !== undefined && summary.data.this_month.events === 0 && summary.data.activity.every((group) => group.events === 0)
  const ever = useQuery({ ...countQuery(base), enabled: quiet })
  const failed = summary.error ?? histogram.error

  const save = () => {
    const rows: string[][] = [
      [t('Organization'), tenant.organization],
      [t('Made at'), now.toISOString(), zone],
      [],
      [t('Period'), t('Events')],
      ...periods.map((period) => [period.words, String(period.events ?? '')]),
      [],
      [t('Storage used'), t('Bytes')],
      ...(summary.data ? storageParts(summary.data.storage).map(([words, size]) => [words, String(size)]) : []),
      [],
      [t('Activity by type'), t('Events'), '%', MONTH],
      ...groups.map((group) => [group.words(), String(group.events), String(group.share)]),
      [],
      [t('High priority'), t('Severity'), t('User'), t('Number'), t('Newest'), t('Event')],
      ...(high ?? []).map(({ event, events, last_at }) => [sentence(event, zone), event.severity ?? '', actorName(event.actor), String(events), last_at, event.display_id]),
      [],
      [t('From'), t('Events'), ...bars.layers.map((layer) => layer.words)],
      ...bars.bars.map((bar) => [bar.from, String(bar.total), ...bars.layers.map((layer) => String(bar.counts[layer.value] ?? 0))]),
    ]
    saveBlob(new Blob([csv(rows)], { type: 'text/csv' }), `annals-${tenant.name}-overview-${now.toISOString().slice(0, 10)}.csv`)
  }

  return (
    <div className="sheet">
      <title>{t('Overview · Annals')}</title>
      <header>
        <h1>{t('Overview')}</h1>
        <span className="buttons">
          <Button variant="default" leftSection={<IconDownload size={14} />} onClick={save} disabled={!summary.data || !histogram.data}>
            {t('Export what is shown')}
          </Button>
          <Button component={Go} to={urls.events(tenant.name)}>
            {t('View all logs')}
          </Button>
        </span>
      </header>
      {ever.data?.total === 0 && <NothingYet tenant={tenant.name} ownLeftOut={ever.data.own_left_out} />}
      {failed && <Failure error={failed} retry={() => void Promise.all([summary.refetch(), histogram.refetch()])} />}
      <section className="numbers" aria-label={t('Recent activity')}>
        {periods.map((period) => (
          <Go key={period.words} to={urls.events(tenant.name, period.to)}>
            <span className="muted">{period.words}</span>
            <Big value={period.events} />
            <span className="muted small">{t('events')}</span>
          </Go>
        ))}
        <Go to={urls.events(tenant.name, { range: 'all', own: 'include' })}>
          <span className="muted">{t('In the ledger')}</span>
          <Big value={summary.data?.as_of} />
          <span className="muted small">{t('events, those of Annals included')}</span>
        </Go>
        <StorageCard storage={summary.data?.storage} />
      </section>

      <section>
        <div className="section-head">
          <h2>{t('Events over time')}</h2>
          <SegmentedControl
            size="xs"
            aria-label={t('Span')}
            value={span}
            onChange={(next) => void navigate({ to: '.', search: (next === '24h' ? {} : { span: next }) as never, replace: true })}
            data={[
              { value: '24h', label: t('24 hours') },
              { value: '7d', label: t('7 days') },
              { value: '30d', label: t('30 days') },
            ]}
          />
        </div>
        {histogram.error && !histogram.data ? <NotCounted label={bars.label} height={bars.height} error={histogram.error} retry={() => void histogram.refetch()} /> : table ? <BarsTable {...bars} /> : <Bars {...bars} />}
        <div className="legend">
          {bars.layers.map((layer) => (
            <span key={layer.value}>
              <span className={`dot ${layer.colour}`} aria-hidden />
              <Go to={urls.events(tenant.name, { q: termText('category', [layer.value]), from })}>{layer.words}</Go>
            </span>
          ))}
          <span>
            <kbd>v</kbd> {t('as a table')}
          </span>
        </div>
      </section>

      <div className="two">
        <section>
          <div className="section-head">
            <h2>{t('Activity by type')}</h2>
            <span className="muted small">{t('past 30 days')}</span>
          </div>
          <ul className="shares">
            {groups.map((group) => (
              <li key={group.group}>
                <Go to={urls.events(tenant.name, { q: termText('category', group.categories), from: MONTH })}>{group.words()}</Go>
                <span className={`share ${group.colour}`} aria-hidden>
                  <i style={{ width: `${group.share}%` }} />
                </span>
                <span className="mono right">{`${group.share} %`}</span>
                <span className="mono muted right">{number(group.events)}</span>
              </li>
            ))}
            {summary.isPending && Array.from({ length: 4 }, (_, place) => <li key={place} className="skeleton-line" aria-hidden />)}
          </ul>
        </section>
        <section>
          <div className="section-head">
            <h2>{t('High priority')}</h2>
            <Go to={urls.events(tenant.name, { q: HIGH, from: MONTH })} className="small">
              {t('all of the past 30 days')}
            </Go>
          </div>
          {high?.length === 0 && <p className="muted">{t('No event of high or critical severity in the past 30 days.')}</p>}
          <ul className="high">
            {high?.map((row) => (
              <HighLine key={row.event.sequence} row={row} tenant={tenant.name} now={now} zone={zone} />
            ))}
            {summary.isPending && Array.from({ length: 4 }, (_, place) => <li key={place} className="skeleton-line" aria-hidden />)}
          </ul>
        </section>
      </div>
    </div>
  )
}

function Big({ value }: { value: number | undefined }): ReactNode {
  return <span className="big">{value === undefined ? <span className="muted">–</span> : number(value)}</span>
}

/** Bytes on disk; hovering or focusing it shows what they are. */
function StorageCard({ storage }: { storage: Summary['storage'] | undefined }) {
  const parts = storage && (
    <span className="readings">
      {storageParts(storage).map(([words, size]) => (
        <Fragment key={words}>
          <span>{words}</span>
          <span className="mono right">{bytes(size)}</span>
        </Fragment>
      ))}
    </span>
  )
  return (
    <Tooltip label={parts} disabled={!parts} multiline>
      <div tabIndex={0} role="group" aria-label={t('Storage used')}>
        <span className="muted">{t('Storage used')}</span>
        <span className="big">{storage ? bytes(storage.total_bytes) : <span className="muted">–</span>}</span>
        <span className="muted small">{t('on disk, search index included')}</span>
      </div>
    </Tooltip>
  )
}

function storageParts(storage: Summary['storage']): [words: string, bytes: number][] {
  return [
    [t('Sealed events'), storage.event_bytes],
    [t('Recent events'), storage.journal_bytes],
    [t('Entries and hashes for proofs'), storage.tree_bytes],
    [t('Ids that were seen'), storage.id_bytes],
    [t('Search index'), storage.index_bytes],
  ]
}

function HighLine({ row, tenant, now, zone }: { row: HighPriority; tenant: string; now: Date; zone: string }) {
  const { event, events, first_at, last_at, q } = row
  const to = events === 1 ? urls.entry(tenant, event.display_id) : urls.events(tenant, { q, from: first_at, to: justAfter(last_at) })
  return (
    <li>
      <Severity level={event.severity} />
      <Go to={to}>
        <bdi>{sentence(event, zone)}</bdi>
        {events > 1 && <span className="muted"> {t('and {{count}} more like it', { count: events - 1 })}</span>}
      </Go>
      <span className="muted small">
        <Time value={last_at} now={now} />
      </span>
    </li>
  )
}
