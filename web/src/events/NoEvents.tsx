//! Why a list is empty: nothing was ever sent, nothing in this range, or the filters exclude all.

import { Button } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { clock } from '../api/clock'
import { countQuery, eventsQuery } from '../api/events'
import { moments } from '../query/range'
import { terms, withoutTerm } from '../query/terms'
import { NothingYet } from './NothingYet'
import { useZone } from '../session/session'
import { t } from '../words/i18n'
import { DAY_MS, dateMinute, number } from '../words/time'
import type { EventsState } from './state'

/** Terms that are tried one by one. */
const TRIED = 12

export function NoEvents({ state, ownLeftOut }: { state: EventsState; ownLeftOut: number }) {
  const { selection, range } = state
  const everything = useQuery(countQuery({ tenant: selection.tenant, tz: selection.tz }))
  const ranged = range.from !== undefined || range.to !== undefined
  const anywhere = useQuery({ ...countQuery({ ...selection, from: undefined, to: undefined }), enabled: ranged })
  const unfiltered = useQuery({ ...countQuery({ ...selection, q: undefined }), enabled: Boolean(selection.q) })
  const { from, to } = moments(selection, selection.tz, clock.now())
  if (from && from >= to && range.to !== undefined) {
    return (
      <div className="state">
        <div>
          <h2>{t('This range ends before it begins')}</h2>
          <p className="buttons">
            <Button variant="default" onClick={() => state.setRange({ from: range.to, to: range.from })}>
              {t('Turn it round')}
            </Button>
            <Button variant="default" onClick={() => state.setRange({ from: 'now-7d' })}>
              {t('Past 7 days')}
            </Button>
          </p>
        </div>
      </div>
    )
  }
  if (everything.isPending || (ranged && anywhere.isPending) || (selection.q && unfiltered.isPending)) return <div className="state muted">{t('Finding out why …')}</div>
  if (everything.data?.total === 0) return <NothingYet tenant={selection.tenant} ownLeftOut={ownLeftOut} />
  const elsewhere = ranged && (anywhere.data?.total ?? 0) > 0
  const here = Boolean(selection.q) && (unfiltered.data?.total ?? 0) > 0
  return (
    <>
      {here && <FiltersExclude state={state} total={unfiltered.data!.total} />}
      {elsewhere && <NotInRange state={state} total={anywhere.data!.total} />}
      {!here && !elsewhere && <FiltersExclude state={state} total={unfiltered.data?.total ?? 0} />}
      {ownLeftOut > 0 && (
        <div className="state">
          <p>
            {t('{{shown}} of Annals’ own events match.', { shown: number(ownLeftOut) })}{' '}
            <button type="button" className="link" onClick={() => state.set({ own: 'include' })}>
              {t('Show them')}
            </button>
          </p>
        </div>
      )}
    </>
  )
}

function NotInRange({ state, total }: { state: EventsState; total: number }) {
  const zone = useZone()
  const { selection } = state
  const { from, to } = moments(selection, selection.tz, clock.now())
  const before = useQuery({ ...eventsQuery({ ...selection, from: undefined, to: from?.toISOString() }, 1, 'desc'), enabled: from !== undefined })
  const after = useQuery({ ...eventsQuery({ ...selection, from: to.toISOString(), to: undefined }, 1, 'asc'), enabled: selection.to !== undefined })
  const offer = (words: string, at: string | null | undefined) => {
    if (!at) return null
    const moment = new Date(at)
    const around = { from: new Date(moment.getTime() - DAY_MS / 2).toISOString(), to: new Date(moment.getTime() + DAY_MS / 2).toISOString() }
    return (
      <Button variant="default" onClick={() => state.setRange(around)}>
        {words} {dateMinute(moment, zone)}
      </Button>
    )
  }
  return (
    <div className="state">
      <div>
        <h2>{from && from > clock.now() ? t('This range begins in the future') : t('Nothing in this range of time')}</h2>
        <p>{t('{{total}} events match at other times.', { total: number(total) })}</p>
        <p className="buttons">
          {offer(t('The last before:'), before.data?.events[0]?.occurred_at)}
          {offer(t('The first after:'), after.data?.events[0]?.occurred_at)}
          <Button variant="default" onClick={() => state.setRange({})}>
            {t('All time')}
          </Button>
        </p>
      </div>
    </div>
  )
}

/** Names the term without which there is something; where no one term alone is to blame, those that find nothing by themselves, and the one that finds the most. */
function FiltersExclude({ state, total }: { state: EventsState; total: number }) {
  const { selection } = state
  const q = selection.q ?? ''
  const all = terms(q)
  const alternatives = all.some((term) => term.text === 'OR')
  const tried = alternatives || all.length < 2 ? [] : all.slice(0, TRIED)
  const counts = useQueries({ queries: tried.map((_, place) => countQuery({ ...selection, q: withoutTerm(q, place) || undefined })) })
  const best = most(counts)
  const several = tried.length > 1 && counts.every((count) => count.data?.total === 0)
  const alone = useQueries({ queries: several ? tried.map((term) => countQuery({ ...selection, q: term.text })) : [] })
  const useless = tried.filter((_, place) => alone[place]?.data?.total === 0)
  const useful = most(alone)
  return (
    <div className="state">
      <div>
        <h2>{total > 0 ? t('The search excludes every event') : t('No event matches this search')}</h2>
        <p>{total > 0 ? t('Without it there are {{total}} events in this range.', { total: number(total) }) : t('Neither in this range nor at any other time; and without the search there is no event in this range.')}</p>
        {useless.length > 0 && <p>{t('By themselves these find nothing here: {{terms}}', { terms: useless.map((term) => term.text).join(', ') })}</p>}
        <p className="buttons">
          {useful && useful.total > 0 && (
            <Button variant="default" onClick={() => state.setQuery(tried[useful.place]!.text)}>
              {t('Only {{term}}: {{total}} events', { term: tried[useful.place]!.text, total: number(useful.total) })}
            </Button>
          )}
          {best && best.total > 0 && (
            <Button variant="default" onClick={() => state.setQuery(withoutTerm(q, best.place))}>
              {t('Without {{term}}: {{total}} events', { term: tried[best.place]!.text, total: number(best.total) })}
            </Button>
          )}
          <Button variant="default" onClick={() => state.setQuery('')}>
            {t('Remove the search')}
          </Button>
        </p>
      </div>
    </div>
  )
}

function most(counts: { data?: { total: number } }[]): { place: number; total: number } | undefined {
  return counts.map((count, place) => ({ place, total: count.data?.total ?? 0 })).sort((one, other) => other.total - one.total)[0]
}
