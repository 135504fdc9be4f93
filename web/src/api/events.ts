//! Questions about events, each with the key it is cached under.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { readableJson } from '../proof/json'
import type { Interval } from '../query/range'
import { queryText } from '../urls'
import type { WeekStart } from '../words/time'
import { clock } from './clock'
import { ApiError, type Problem, type RecordedEvent, type Schemas, answer, api, failure, unreachable } from './client'

/** Which events are asked for: what stands in the URL of the events page, and where. */
export interface Selection {
  tenant: string
  tz: string
  q?: string
  from?: string
  to?: string
  own?: 'include'
}

export type EventsPage = Schemas['EventsPage']
export type Top = Schemas['Top']
export type Histogram = Schemas['Histogram']
export type Completion = Schemas['Completion']
export type Summary = Schemas['Summary']
export type HighPriority = Schemas['HighPriority']
export type Related = Schemas['Related']
export type History = Schemas['History']
export type FieldState = Schemas['FieldState']

export async function fetchEvents(selection: Selection, { limit, ...more }: { limit?: number; order?: 'asc' | 'desc'; cursor?: string }, signal?: AbortSignal): Promise<EventsPage> {
  // Read by our own parser: a value such as 12345678901234567890.10 keeps its digits.
  return readableJson(await fetchText(`/v1/events${queryText({ ...selection, ...more, limit: limit?.toString() })}`, 'application/json', signal)) as EventsPage
}

/** An event as a stream brings it. */
export function readEvent(text: string): RecordedEvent {
  return readableJson(text) as RecordedEvent
}

export const eventsQuery = (selection: Selection, limit: number, order: 'asc' | 'desc' = 'desc') =>
  queryOptions({
    queryKey: [selection.tenant, 'events', selection, limit, order],
    queryFn: ({ signal }) => fetchEvents(selection, { limit, order }, signal),
    staleTime: 15_000,
  })

export const countQuery = (selection: Selection) => eventsQuery(selection, 1)

export const topQuery = (selection: Selection, field: string, limit: number, asked = 0) =>
  queryOptions({
    queryKey: [selection.tenant, 'top', selection, field, limit, asked],
    queryFn: ({ signal }) => answer<Top>(api.GET('/v1/events/top', { params: { query: { ...selection, field, limit } as never }, signal })),
    staleTime: 15_000,
    placeholderData: keepPreviousData,
  })

export function fetchHistogram(selection: Selection, more: { interval: Interval; split?: string; week_start?: string }, signal?: AbortSignal): Promise<Histogram> {
  return answer(api.GET('/v1/events/histogram', { params: { query: { ...selection, ...more } as never }, signal }))
}

export const histogramQuery = (selection: Selection, more: { interval: Interval; split?: string; week_start?: string }, asked = 0) =>
  queryOptions({
    queryKey: [selection.tenant, 'histogram', selection, more, asked],
    queryFn: ({ signal }) => fetchHistogram(selection, more, signal),
    staleTime: 15_000,
    placeholderData: keepPreviousData,
  })

export const completionQuery = (tenant: string, q: string) =>
  queryOptions({
    queryKey: [tenant, 'complete', q],
    queryFn: ({ signal }) => answer<Completion>(api.GET('/v1/events/complete', { params: { query: { tenant, q, limit: 12 } as never }, signal })),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    retry: false,
  })

export const eventQuery = (tenant: string, id: string) =>
  queryOptions({
    queryKey: [tenant, 'event', id],
    queryFn: async ({ signal }) => readEvent(await eventText(tenant, id, signal)),
    // An event does not change; it can only be erased.
    staleTime: 60_000,
  })

/** What the overview opens with. */
export const summaryQuery = (tenant: string, tz: string, weekStart: WeekStart) =>
  queryOptions({
    queryKey: [tenant, 'summary', tz, weekStart],
    queryFn: async ({ signal }) => readableJson(await fetchText(`/v1/summary${queryText({ tenant, tz, week_start: weekStart })}`, 'application/json', signal)) as Summary,
    staleTime: 15_000,
    placeholderData: keepPreviousData,
  })

/** Events that belong to one, by why. */
export const relatedQuery = (tenant: string, id: string) =>
  queryOptions({
    queryKey: [tenant, 'related', id],
    queryFn: async ({ signal }) => readableJson(await fetchText(`/v1/events/${encodeURIComponent(id)}/related${queryText({ tenant })}`, 'application/json', signal)) as Related,
    staleTime: 30_000,
  })

/** Which events of a record are listed: those around one, or from a place on. */
type Listed = { around?: string; first?: number; limit: number }

async function fetchHistory(tenant: string, type: string, id: string, more: Moment & { tz: string } & Listed, signal: AbortSignal): Promise<History> {
  const query = queryText({ tenant, at: more.at, after: more.after, tz: more.tz, around: more.around, first: more.first?.toString(), limit: String(more.limit) })
  return readableJson(await fetchText(`/v1/targets/${encodeURIComponent(type)}/${encodeURIComponent(id)}/history${query}`, 'application/json', signal)) as History
}

/** A time, or right after an event; neither is now. */
export type Moment = { at?: string; after?: string }

/** A record's state at a moment, with the last event it had by then. */
export const stateQuery = (tenant: string, type: string, id: string, moment: Moment, tz: string) =>
  queryOptions({
    queryKey: [tenant, 'state', type, id, moment, tz],
    queryFn: ({ signal }) => fetchHistory(tenant, type, id, { ...moment, tz, limit: 1 }, signal),
    staleTime: 15_000,
    placeholderData: (before, query) => (query?.queryKey[3] === id && query.queryKey[2] === type ? before : undefined),
  })

/** A record's events in order of time, `limit` at once; at first those around an event, else the newest. */
export const historyQuery = (tenant: string, type: string, id: string, around: string | undefined, limit: number) =>
  infiniteQueryOptions({
    queryKey: [tenant, 'history', type, id, around, limit],
    queryFn: ({ signal, pageParam }) => fetchHistory(tenant, type, id, { tz: 'UTC', ...pageParam }, signal),
    initialPageParam: { around, limit } as Listed,
    getPreviousPageParam: ({ first }): Listed | undefined => (first > 0 ? { first: Math.max(0, first - limit), limit: Math.min(limit, first) } : undefined),
    getNextPageParam: ({ first, entries, total }): Listed | undefined => (first + entries.length < total ? { first: first + entries.length, limit } : undefined),
    staleTime: 15_000,
  })

/** The event exactly as the server writes it. */
export function eventText(tenant: string, id: string, signal?: AbortSignal): Promise<string> {
  return fetchText(`/v1/events/${encodeURIComponent(id)}?${new URLSearchParams({ tenant })}`, 'application/json', signal)
}

/** The path from the log of `from` events to that of `to`, or nothing where the server has fewer. */
export async function fetchConsistency(tenant: string, from: bigint, to: bigint): Promise<string[] | undefined> {
  try {
    // Sizes have more digits than a number keeps.
    const query = { tenant, from: from.toString(), to: to.toString() }
    return (await answer<Schemas['Consistency']>(api.GET('/v1/log/consistency', { params: { query: query as never } }))).path
  } catch (error) {
    if (error instanceof ApiError && error.problem.field === 'to') return undefined
    throw error
  }
}

/** The text of the event's proof: as JSON for checking, or as a `.tlog-proof` file. */
export async function fetchProof(tenant: string, id: string, kind: 'document' | 'file', signal?: AbortSignal): Promise<string> {
  return fetchText(`/v1/events/${encodeURIComponent(id)}/proof?${new URLSearchParams({ tenant })}`, kind === 'document' ? 'application/json' : 'text/plain', signal)
}

export async function fetchText(path: string, accept: string, signal?: AbortSignal): Promise<string> {
  let response: Response
  try {
    response = await clock.asking(() => fetch(path, { headers: { Accept: accept }, credentials: 'same-origin', signal }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw unreachable()
  }
  const text = await response.text()
  if (response.ok) return text
  let body: Problem | undefined
  try {
    body = JSON.parse(text) as Problem
  } catch {
    body = undefined
  }
  throw failure(response, body)
}

export function exportPath(selection: Selection, format: string, order: 'asc' | 'desc'): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...selection, format, order, sort: 'occurred' })) if (value) query.set(name, value)
  return `/v1/events/export?${query}`
}

export function tailPath(selection: Selection): string {
  const query = new URLSearchParams({ tenant: selection.tenant, tz: selection.tz })
  if (selection.q) query.set('q', selection.q)
  if (selection.own) query.set('own', selection.own)
  return `/v1/events/tail?${query}`
}
