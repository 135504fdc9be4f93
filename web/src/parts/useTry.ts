import { useState } from 'react'
import { ApiError } from '../api/client'

/** Runs an action once at a time and keeps what it failed with. */
export function useTry(): { busy: boolean; error: ApiError | Error | undefined; run: (action: () => Promise<unknown>) => Promise<boolean>; clear: () => void } {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError | Error>()
  const run = async (action: () => Promise<unknown>) => {
    if (busy) return false
    setBusy(true)
    setError(undefined)
    try {
      await action()
      return true
    } catch (failed) {
      setError(failed instanceof Error ? failed : new Error(String(failed)))
      return false
    } finally {
      setBusy(false)
    }
  }
  return { busy, error, run, clear: () => setError(undefined) }
}

/** The message for one field of a form. */
export function fieldError(error: Error | undefined, field: string, codes: string[] = []): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  return error.problem.field?.replace(/^\//, '') === field || codes.includes(error.code) ? error.message : undefined
}
