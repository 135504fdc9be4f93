/** The microsecond after a time (RFC 3339): a moment before which the event has happened. */
export function justAfter(time: string): string {
  const fraction = /T[\d:]+\.(\d+)/.exec(time)?.[1] ?? ''
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6)) + 1
  const second = Math.floor(Date.parse(time) / 1000) + (micros === 1_000_000 ? 1 : 0)
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(micros % 1_000_000).padStart(6, '0')}Z`
}
