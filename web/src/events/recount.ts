import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'

/** The least time between two counts. */
const RECOUNT_MS = 3_000

/** Counts what the chart and the filters show again while events come. */
export function useRecount(tenant: string, came: number): void {
  const client = useQueryClient()
  const latest = useRef(came)
  useEffect(() => {
    latest.current = came
  }, [came])
  useEffect(() => {
    let counted = latest.current
    let timer: ReturnType<typeof setTimeout>
    let over = false
    const look = async () => {
      const more = latest.current > counted
      counted = latest.current
      // A count that takes long is waited for.
      if (more) await client.refetchQueries({ queryKey: [tenant], type: 'active', predicate: ({ queryKey }) => queryKey[1] === 'top' || queryKey[1] === 'histogram' }, { cancelRefetch: false })
      if (!over) timer = setTimeout(() => void look(), RECOUNT_MS)
    }
    timer = setTimeout(() => void look(), RECOUNT_MS)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [client, tenant])
}
