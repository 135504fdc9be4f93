import type { RecordedEvent } from '../api/client'

/** Like events within this time of each other stand as one line. */
const WINDOW_MS = 10 * 60_000

export interface Roll {
  newest: RecordedEvent
  count: number
  /** Time of the oldest event in it. */
  since: string
}

/** Events, newest first, rolled up by actor, action and ten minutes. */
export function rolledUp(events: RecordedEvent[]): Roll[] {
  const rolls: Roll[] = []
  const open = new Map<string, Roll>()
  for (const event of events) {
    const at = event.occurred_at ?? event.received_at
    const key = JSON.stringify([event.actor?.type, event.actor?.id, event.action])
    const roll = open.get(key)
    if (roll && Date.parse(roll.since) - Date.parse(at) <= WINDOW_MS) {
      roll.count += 1
      roll.since = at
      continue
    }
    const next = { newest: event, count: 1, since: at }
    open.set(key, next)
    rolls.push(next)
  }
  return rolls
}
