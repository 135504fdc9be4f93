import { Button, Modal } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { Suspense, lazy, useEffect, useRef, useState } from 'react'
import { ApiError } from '../api/client'
import { EventTable, type TableHandle } from '../events/EventTable'
import { Facets } from '../events/Facets'
import { FilterBar } from '../events/FilterBar'
import { NoEvents } from '../events/NoEvents'
import { RangePicker } from '../events/RangePicker'
import { SearchBox } from '../events/SearchBox'
import { Timeline } from '../events/Timeline'
import { Toolbar } from '../events/Toolbar'
import { useLive } from '../events/live'
import { useRecount } from '../events/recount'
import { useEventsState } from '../events/state'
import { useRows } from '../events/useRows'
import { Failure } from '../parts/Failure'
import { useKeys } from '../parts/keys'
import { useLasting } from '../parts/useLasting'
import { useNarrow } from '../parts/useNarrow'
import { t } from '../words/i18n'
import { number } from '../words/time'

/** The least time between two questions that the list asks by itself. */
const ASK_AGAIN_MS = 5_000

/** A stream that is away for longer is told of. */
const GONE_MS = 2_000

const EntryPanel = lazy(() => import('../entry/EntryPanel'))

export default function EventsPage() {
  const state = useEventsState()
  const { search, selection } = state
  const [asked, setAsked] = useState(0)
  const [away, setAway] = useState(false)
  const [facets, setFacets] = useLocalStorage({ key: 'annals.facets', defaultValue: true, getInitialValueInEffect: false })
  const narrow = useNarrow()
  const [sheet, setSheet] = useState(false)
  const table = useRef<TableHandle>(null)
  const now = useRows(selection, search.order ?? 'desc', asked)
  const { view, stale, cancelled } = now
  const live = useLive(now.rows, search.live === '1', away)
  const gone = useLasting(live.state === 'broken', GONE_MS)
  const again = () => setAsked((before) => before + 1)
  // More came than can be shown on top: the list asks again by itself, unless one reads further down.
  const askedAt = useRef(0)
  const turn = live.behind && !away && !stale
  useEffect(() => {
    if (!turn) return
    const timer = setTimeout(
      () => {
        askedAt.current = Date.now()
        again()
      },
      Math.max(0, askedAt.current + ASK_AGAIN_MS - Date.now()),
    )
    return () => clearTimeout(timer)
  }, [turn])
  useRecount(selection.tenant, live.came)
  useKeys({
    '/': () => state.box.current?.focus(),
    Escape: () => (search.event ? state.set({ event: undefined, part: undefined }) : false),
    f: () => (narrow ? setSheet(true) : setFacets(!facets)),
    v: () => state.set({ chart: search.chart ? undefined : 'table' }, 'replace'),
    l: () => state.set(search.live ? { live: undefined } : { live: '1', to: undefined, order: undefined }),
    r: again,
  })
  const wrong = view.error instanceof ApiError ? view.error.problem : undefined
  const problem = wrong?.field === 'q' ? wrong : undefined
  const noRange = view.state === 'failed' && (wrong?.field === 'from' || wrong?.field === 'to') ? wrong : undefined
  const given = cancelled && (
    <div className="state" role="status">
      <div>
        <h2>{t('The question was given up')}</h2>
        <p>{stale ? t('What stands below answers the one before.') : t('Nothing was counted or listed. A shorter range or one more filter is answered sooner.')}</p>
        <Button variant="default" onClick={again}>
          {t('Ask again')}
        </Button>
      </div>
    </div>
  )
  const empty = view.state === 'ready' && !stale && view.total === 0 && live.came === 0
  return (
    <div className={search.event ? 'events events-open' : 'events'}>
      <title>{t('Events · Annals')}</title>
      <h1 className="hidden">{t('Events')}</h1>
      <div className="events-ask">
        <SearchBox ref={state.box} tenant={selection.tenant} value={search.q ?? ''} onSearch={state.setQuery} problem={problem} leave={() => table.current?.focus()} />
        <RangePicker range={state.range} onChange={state.setRange} />
      </div>
      <FilterBar state={state} asked={asked} />
      <Timeline state={state} asked={asked} total={view.total} />
      <Toolbar state={state} now={now} live={live} facets={facets} toggleFacets={() => setFacets(!facets)} showFacets={() => setSheet(true)} again={again} />
      <Modal opened={narrow && sheet} onClose={() => setSheet(false)} fullScreen title={t('Filters')} closeButtonProps={{ 'aria-label': t('Close') }} className="filters-sheet">
        <Facets state={state} asked={asked} />
        <Button fullWidth onClick={() => setSheet(false)}>
          {t('Show the events')}
        </Button>
      </Modal>
      <div className="events-body">
        {facets && !narrow && <Facets state={state} asked={asked} />}
        <div className="events-list">
          {live.waiting > 0 && (
            <Button
              className="waiting"
              size="compact-sm"
              // At the top they are let in.
              onClick={() => document.querySelector('.table-scroll')?.scrollTo({ top: 0 })}
            >
              {t('{{shown}} new events', { shown: number(live.waiting), count: live.waiting })}
            </Button>
          )}
          {gone && (
            <p className="wrong small" role="status">
              {t('Not following: Annals does not answer. What comes meanwhile is shown once it does.')}
            </p>
          )}
          {live.missed > 0 && <p className="wrong small">{t('{{count}} events came too fast to follow here and are missing above; ask again to see them.', { count: live.missed })}</p>}
          {given}
          {noRange && (
            <div className="state" role="alert">
              <div>
                <h2>{t('This range of time means nothing')}</h2>
                <p>
                  <bdi>{noRange.detail}</bdi>
                </p>
                {noRange.hint && (
                  <p className="muted">
                    {t('Such as')} <bdi className="mono">{noRange.hint}</bdi>
                  </p>
                )}
                <Button variant="default" onClick={() => state.setRange({ from: 'now-7d' })}>
                  {t('Past 7 days')}
                </Button>
              </div>
            </div>
          )}
          {view.state === 'failed' && !problem && !noRange && <Failure error={view.error} retry={again} />}
          {view.state === 'failed' && problem && (
            <div className="state muted">
              <p>{t('The search was not run. What is wrong stands under it.')}</p>
            </div>
          )}
          {view.state === 'ready' && view.error !== undefined && <Failure error={view.error} retry={again} />}
          {empty ? <NoEvents state={state} ownLeftOut={view.ownLeftOut} /> : view.state !== 'failed' && !(cancelled && view.state === 'loading') && <EventTable ref={table} state={state} now={now} live={live} onScrolled={setAway} />}
        </div>
        {search.event && (
          <Suspense fallback={<aside className="panel" aria-busy />}>
            <EntryPanel id={search.event} state={state} />
          </Suspense>
        )}
      </div>
    </div>
  )
}
