import { useEffect, useState } from 'react'

/** Whether something has been so for a while already. */
export function useLasting(so: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!so) return setLasting(false)
    const timer = setTimeout(() => setLasting(true), ms)
    return () => clearTimeout(timer)
  }, [so, ms])
  return lasting
}
