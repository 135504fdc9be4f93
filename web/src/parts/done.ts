//! What was done last and cannot be taken back, or was not kept: said on every screen until it is closed.

export interface Done {
  words: string
  tenant: string
  /** The search that finds the event of it. */
  q: string
}

/** What was seen at once and then not kept. */
export interface NotKept {
  words: string
  why: string
}

export type Note = Done | NotKept

let last: Note | undefined
const listeners = new Set<() => void>()

export function tell(note: Note | undefined): void {
  last = note
  for (const listener of listeners) listener()
}

export function lastNote(): Note | undefined {
  return last
}

export function subscribeNote(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
