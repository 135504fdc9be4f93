//! Every address of a screen is built here. The address is the whole state of a screen: who has it
//! sees the same.

import type { Range } from './query/range'

/** What stands behind `?` of the events page. */
export interface EventSearch extends Range {
  q?: string
  order?: 'asc'
  own?: 'include'
  /** Display id of the entry that is open at the side. */
  event?: string
  /** Part of the entry that is shown. */
  part?: EntryPart
  /** At which the record's history shows its state: a time, `now`, or the display id of an event, right after it. */
  moment?: string
  /** Columns in order, joined by commas; absent is the person's choice. */
  columns?: string
  live?: '1'
  /** What the bars of the chart are stacked by; absent is the category. */
  split?: 'outcome' | 'severity'
  /** The chart as a table of numbers. */
  chart?: 'table'
  /** The page was asked for all time: without it an absent `from` is the default range. */
  range?: 'all'
}

export const ENTRY_PARTS = ['summary', 'related', 'history', 'proof', 'json'] as const
export type EntryPart = (typeof ENTRY_PARTS)[number]

const PLAIN = /^[\x21-\x7e]{1,4096}$/

/** Reads the search part of an address; what it does not know it leaves out. */
export function eventSearch(raw: Record<string, unknown>): EventSearch {
  const text = (name: string) => (typeof raw[name] === 'string' && raw[name] !== '' ? (raw[name] as string) : undefined)
  const plain = (name: string) => {
    const value = text(name)
    return value && PLAIN.test(value) ? value : undefined
  }
  const part = text('part')
  const search: EventSearch = {
    q: text('q')?.slice(0, 4096),
    from: plain('from'),
    to: plain('to'),
    range: raw.range === 'all' ? 'all' : undefined,
    order: raw.order === 'asc' ? 'asc' : undefined,
    own: raw.own === 'include' ? 'include' : undefined,
    event: plain('event'),
    part: ENTRY_PARTS.find((one) => one === part),
    moment: plain('moment'),
    columns: plain('columns'),
    // Nothing new comes into a range that has ended, or on top of the oldest.
    live: raw.live === '1' && !raw.to && raw.order !== 'asc' ? '1' : undefined,
    split: raw.split === 'outcome' || raw.split === 'severity' ? raw.split : undefined,
    chart: raw.chart === 'table' ? 'table' : undefined,
  }
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as EventSearch
}

/** The range an address means. */
export function rangeOf(search: EventSearch): Range {
  if (search.from !== undefined || search.to !== undefined) return { from: search.from, to: search.to }
  return search.range === 'all' ? {} : { from: 'now-7d' }
}

/** A range as an address writes it. */
export function rangeSearch(range: Range): Pick<EventSearch, 'from' | 'to' | 'range'> {
  if (range.from === 'now-7d' && range.to === undefined) return { from: undefined, to: undefined, range: undefined }
  if (range.from === undefined && range.to === undefined) return { from: undefined, to: undefined, range: 'all' }
  return { from: range.from, to: range.to, range: undefined }
}

export function parseQuery(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text))
}

export function queryText(search: Record<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) if (typeof value === 'string' && value) query.set(name, value)
  const text = query.toString()
  return text ? `?${text}` : ''
}

const encoded = encodeURIComponent
const base = (tenant: string) => `/t/${encoded(tenant)}`

export const urls = {
  home: () => '/',
  signIn: (back?: string) => `/sign-in${queryText({ back })}`,
  overview: (tenant: string) => `${base(tenant)}/overview`,
  events: (tenant: string, search: EventSearch = {}) => `${base(tenant)}/events${queryText({ ...search })}`,
  entry: (tenant: string, id: string) => `${base(tenant)}/events/${encoded(id)}`,
  history: (tenant: string, type: string, id: string) => `${base(tenant)}/records/${encoded(type)}/${encoded(id)}`,
  settings: (tenant: string, section: 'people' | 'teams' | 'keys' | 'tenants' | 'general') => `${base(tenant)}/settings/${section}`,
  account: (tenant: string) => `${base(tenant)}/account`,
}

/** Only a path of this server is gone back to. */
export function safeBack(back: string | undefined): string | undefined {
  return back && /^\/(?![/\\])/.test(back) && !back.startsWith('/sign-in') ? back : undefined
}

/** The token in the fragment of a link, or nothing. */
export function fragmentToken(fragment: string): string | undefined {
  const token = fragment.replace(/^#/, '')
  return /^[A-Za-z0-9_.~-]{8,512}$/.test(token) ? token : undefined
}

/** Where a link like `/#setup=TOKEN` leads. */
export function linkTarget(fragment: string): string | undefined {
  const match = /^#(setup|invitation|reset|demo)=([A-Za-z0-9_.~-]{8,512})$/.exec(fragment)
  return match ? `/${match[1]}#${match[2]}` : undefined
}
