//! What was done last and cannot be taken back: said on every screen until it is closed.

export interface Done {
  words: string
  tenant: string
  /** The search that finds the event of it. */
  q: string
}

let last: Done | undefined
const listeners = new Set<() => void>()

export function tell(done: Done | undefined): void {
  last = done
  for (const listener of listeners) listener()
}

export function lastDone(): Done | undefined {
  return last
}

export function subscribeDone(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
