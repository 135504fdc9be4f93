import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './api/client'

/** What happens when a session ends in the middle; set by the router. */
let signedOut: () => void = () => {}

export function onSignedOut(handler: () => void): void {
  signedOut = handler
}

function seen(error: unknown): void {
  if (error instanceof ApiError && error.status === 401 && error.code !== 'sign_in_failed') signedOut()
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => query.queryKey[0] !== 'session' && seen(error) }),
  mutationCache: new MutationCache({ onError: seen }),
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      // What is wrong with the question stays wrong; only what may pass is tried again.
      retry: (count, error) => error instanceof ApiError && (error.status === 0 || error.status === 503) && count < 2,
      retryDelay: (count, error) => (error instanceof ApiError && error.retryAfter ? error.retryAfter * 1000 : 500 * 2 ** count),
    },
  },
})
