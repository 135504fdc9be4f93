import { Button, SegmentedControl } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { countQuery, eventsQuery, histogramQuery, topQuery } from '../api/events'
import { NothingYet } from '../events/NothingYet'
import { saveBlob } from '../events/exports'
import { barsOf, layersFor } from '../events/Timeline'
import { csv } from '../overview/csv'
import { type Roll, rolledUp } from '../overview/rollup'
import { Bars, BarsTable } from '../parts/Bars'
import { Failure } from '../parts/Failure'
import { Go } from '../parts/Go'
import { useKeys } from '../parts/keys'
import { Severity } from '../parts/marks'
import { Time } from '../parts/Time'
import { intervalFor, moments } from '../query/range'
import { termText } from '../query/terms'
import { useNow, useTenant, useWeekStart, useZone } from '../session/session'
import { urls } from '../urls'
import { actorName, percentages, sentence } from '../words/event'
import { t } from '../words/i18n'
import { number, startOfDay, startOfMonth, startOfWeek } from '../words/time'
import { useState } from 'react'

/** The four groups the log types are shown in, and what each is made of. */
const GROUPS = [
  { key: 'record', words: () => t('Record changes'), categories: ['record_change'], colour: 'category-record_change' },
  { key: 'user', words: () => t('User actions'), categories: ['user_activity', 'api_request', 'view'], colour: 'category-user_activity' },
  { key: 'system', words: () => t('System events'), categories: ['system'], colour: 'category-system' },
  { key: 'security', words: () => t('Security events'), categories: ['security'], colour: 'category-security' },
]

const SPANS = { '24h': 'now-24h', '7d': 'now-7d', '30d': 'now-30d' } as const
const HIGH = 'severity:>=high'
const HIGH_SHOWN = 8
const HIGH_READ = 100
const BARS = 100

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

  const periods = [
    { words: t('Today'), start: startOfDay(now, zone) },
    { words: t('This week'), start: startOfWeek(now, zone, weekStart) },
    { words: t('This month'), start: startOfMonth(now, zone) },
  ]
  const earliest = new Date(Math.min(...periods.map((period) => period.start.getTime())))
  const days = useQuery({ ...histogramQuery({ ...base, from: earliest.toISOString() }, { interval: 'day' }), refetchInterval: 30_000 })
  const counts = periods.map((period) => days.data?.buckets.filter((bucket) => Date.parse(bucket.start) >= period.start.getTime()).reduce((sum, bucket) => sum + bucket.total, 0))

  const categories = useQuery({ ...topQuery({ ...base, from }, 'category', 20), refetchInterval: 30_000 })
  const byCategory = new Map((categories.data?.values ?? []).map((one) => [one.value, one.count]))
  const groups = GROUPS.map((group) => ({ ...group, count: group.categories.reduce((sum, category) => sum + (byCategory.get(category) ?? 0), 0) }))
  const shares = percentages(groups.map((group) => group.count))

  const high = useQuery({ ...eventsQuery({ ...base, q: HIGH, from: 'now-30d' }, HIGH_READ), refetchInterval: 15_000 })
  const rolls = rolledUp(high.data?.events ?? [])

  const times = moments({ from }, zone, now)
  const interval = intervalFor(now.getTime() - times.from!.getTime(), BARS)
  const histogram = useQuery({ ...histogramQuery({ ...base, from }, { interval, split: 'category' }), refetchInterval: 30_000 })
  const bars = {
    bars: barsOf(histogram.data?.buckets ?? [], interval, zone),
    layers: layersFor('category'),
    label: t('Events over time by category'),
    height: 180,
    onPick: (start: Date, end: Date) => void navigate({ href: urls.events(tenant.name, { from: start.toISOString(), to: end.toISOString() }) }),
  }
  const ever = useQuery({ ...countQuery(base), enabled: high.data?.total === 0 && counts[2] === 0 })
  const failed = days.error ?? categories.error ?? high.error ?? histogram.error

  const save = () => {
    const rows: string[][] = [
      [t('Organization'), tenant.organization],
      [t('Made at'), now.toISOString(), zone],
      [],
      [t('Period'), t('Events')],
      ...periods.map((period, place) => [period.words, String(counts[place] ?? '')]),
      [],
      [t('Activity by type'), t('Events'), '%', from],
      ...groups.map((group, place) => [group.words(), String(group.count), String(shares[place])]),
      [],
      [t('High priority'), t('Severity'), t('User'), t('Number'), t('Newest'), t('Event')],
      ...rolls.slice(0, HIGH_SHOWN).map((roll) => [sentence(roll.newest, zone), roll.newest.severity ?? '', actorName(roll.newest.actor), String(roll.count), roll.newest.occurred_at ?? '', roll.newest.display_id]),
      [],
      [t('From'), t('Events'), ...bars.layers.map((layer) => layer.words)],
      ...bars.bars.map((bar) => [bar.start.toISOString(), String(bar.total), ...bars.layers.map((layer) => String(bar.counts[layer.value] ?? 0))]),
    ]
    saveBlob(new Blob([csv(rows)], { type: 'text/csv' }), `annals-${tenant.name}-overview-${now.toISOString().slice(0, 10)}.csv`)
  }

  return (
    <div className="sheet">
      <title>{t('Overview · Annals')}</title>
      <header>
        <h1>{t('Overview')}</h1>
        <span className="buttons">
          <Button variant="default" leftSection={<IconDownload size={14} />} onClick={save} disabled={!days.data || !categories.data || !high.data || !histogram.data}>
            {t('Export what is shown')}
          </Button>
          <Button component={Go} to={urls.events(tenant.name)}>
            {t('View all logs')}
          </Button>
        </span>
      </header>
      {ever.data?.total === 0 && <NothingYet tenant={tenant.name} ownLeftOut={ever.data.own_left_out} />}
      {failed && <Failure error={failed} retry={() => void Promise.all([days.refetch(), categories.refetch(), high.refetch(), histogram.refetch()])} />}
      <section className="numbers" aria-label={t('Recent activity')}>
        {periods.map((period, place) => (
          <Go key={period.words} to={urls.events(tenant.name, { from: place === 0 ? 'today' : period.start.toISOString() })}>
            <span className="muted">{period.words}</span>
            <Big value={counts[place]} />
            <span className="muted small">{t('events')}</span>
          </Go>
        ))}
        <Go to={urls.events(tenant.name, { range: 'all', own: 'include' })}>
          <span className="muted">{t('In the ledger')}</span>
          <Big value={high.data?.as_of} />
          <span className="muted small">{high.data ? t('{{shown}} covered by the signed checkpoint', { shown: number(high.data.checkpoint.size) }) : ' '}</span>
        </Go>
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
        {table ? <BarsTable {...bars} /> : <Bars {...bars} />}
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
            <span className="muted small">{{ '24h': t('past 24 hours'), '7d': t('past 7 days'), '30d': t('past 30 days') }[span]}</span>
          </div>
          <ul className="shares">
            {groups.map((group, place) => (
              <li key={group.key}>
                <Go to={urls.events(tenant.name, { q: termText('category', group.categories), from })}>{group.words()}</Go>
                <span className={`share ${group.colour}`} aria-hidden>
                  <i style={{ width: `${shares[place]}%` }} />
                </span>
                <span className="mono right">{categories.data ? `${shares[place]} %` : '–'}</span>
                <span className="mono muted right">{categories.data ? number(group.count) : ''}</span>
              </li>
            ))}
          </ul>
        </section>
        <section>
          <div className="section-head">
            <h2>{t('High priority')}</h2>
            <Go to={urls.events(tenant.name, { q: HIGH, from: 'now-30d' })} className="small">
              {high.data ? t('all {{shown}} of the past 30 days', { shown: number(high.data.total) }) : ' '}
            </Go>
          </div>
          {high.data && rolls.length === 0 && <p className="muted">{t('No event of high or critical severity in the past 30 days.')}</p>}
          <ul className="high">
            {rolls.slice(0, HIGH_SHOWN).map((roll) => (
              <HighLine key={roll.newest.sequence} roll={roll} tenant={tenant.name} now={now} zone={zone} />
            ))}
            {high.isPending && Array.from({ length: 4 }, (_, place) => <li key={place} className="skeleton-line" aria-hidden />)}
          </ul>
        </section>
      </div>
    </div>
  )
}

function Big({ value }: { value: number | undefined }): ReactNode {
  return <span className="big">{value === undefined ? <span className="muted">–</span> : number(value)}</span>
}

function HighLine({ roll, tenant, now, zone }: { roll: Roll; tenant: string; now: Date; zone: string }) {
  const { newest } = roll
  const to =
    roll.count === 1
      ? urls.entry(tenant, newest.display_id)
      : urls.events(tenant, {
          q: [HIGH, newest.action && termText('action', [newest.action]), newest.actor?.id && termText('actor.id', [newest.actor.id])].filter(Boolean).join(' '),
          from: roll.since,
          to: new Date(Date.parse(newest.occurred_at ?? newest.received_at) + 1).toISOString(),
        })
  return (
    <li>
      <Severity level={newest.severity} />
      <Go to={to}>
        <bdi>{sentence(newest, zone)}</bdi>
        {roll.count > 1 && <span className="muted"> {t('and {{count}} more like it', { count: roll.count - 1 })}</span>}
      </Go>
      <span className="muted small">
        <Time value={newest.occurred_at ?? newest.received_at} now={now} />
      </span>
    </li>
  )
}
