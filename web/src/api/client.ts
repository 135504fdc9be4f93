//! The one way to the server: the generated client, and failures as one type.

import createClient from 'openapi-fetch'
import { t } from '../words/i18n'
import { said } from '../words/server'
import { clock } from './clock'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** An event as it is read. */
export type RecordedEvent = Schemas['RecordedEvent']
export type Problem = Schemas['Problem']

export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin', fetch: (request) => clock.asking(() => fetch(request)) })

// The server takes a change only as JSON, which no other site can send; also one without a body.
api.use({
  onRequest({ request }) {
    if (request.method !== 'GET' && !request.headers.has('content-type')) request.headers.set('content-type', 'application/json')
  },
})

/** What a request failed with. `problem.code` tells programs, `message` people. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter?: number,
  ) {
    super(said(problem.detail))
  }
  get status(): number {
    return this.problem.status
  }
  get code(): string {
    return this.problem.code
  }
}

function problem(status: number, code: string, title: string, detail: string): Problem {
  return { type: `/problems/${code}`, title, status, detail, code }
}

/** The data of an answer, or the failure thrown. */
export async function answer<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let result
  try {
    result = await request
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw unreachable()
  }
  if (result.response.ok) return result.data as T
  throw failure(result.response, result.error)
}

export function unreachable(): ApiError {
  return new ApiError(problem(0, 'unreachable', t('No connection'), t('Annals does not answer. Check the network, or whether the server runs.')))
}

export function failure(response: Response, body: unknown): ApiError {
  const told = typeof body === 'object' && body !== null && 'code' in body ? (body as Problem) : undefined
  const seconds = Number(response.headers.get('retry-after'))
  const fallback = problem(response.status, 'unexpected', t('Unexpected answer'), t('The server answered {{status}} without saying why.', { status: response.status }))
  return new ApiError(told ?? fallback, Number.isFinite(seconds) && seconds > 0 ? seconds : undefined)
}
