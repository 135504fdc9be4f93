import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './api/client'

/** What happens when a session ends in the middle; set by the router. */
let signedOut: () => void = () => {}

export function onSignedOut(handler: () => void | Promise<void>): void {
  signedOut = handler
}

/** To be told of every failure of a question: a session that has ended leads to signing in. */
export function noticeFailure(error: unknown): void {
  if (error instanceof ApiError && error.status === 401 && error.code !== 'sign_in_failed') signedOut()
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => query.queryKey[0] !== 'session' && noticeFailure(error) }),
  mutationCache: new MutationCache({ onError: noticeFailure }),
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      // What is wrong with the question stays wrong; only what may pass is tried again.
      retry: (count, error) => error instanceof ApiError && (error.status === 0 || error.status === 503) && count < 2,
      retryDelay: (count, error) => (error instanceof ApiError && error.retryAfter ? error.retryAfter * 1000 : 500 * 2 ** count),
    },
  },
})
