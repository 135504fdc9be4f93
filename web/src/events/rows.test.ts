import { expect, test } from 'vitest'
import type { RecordedEvent } from '../api/client'
import type { Selection } from '../api/events'
import { Rows, type Source } from './rows'

const START = Date.parse('2026-01-01T00:00:00Z')
const MINUTE = 60_000

/** A ledger of events a few seconds apart, with a rush in the middle and a late one. */
function ledger(count: number) {
  const events = Array.from({ length: count }, (_, sequence) => ({
    display_id: `LOG-2026-${String(sequence).padStart(7, '0')}`,
    sequence,
    occurred_at: new Date(START + (sequence > 2000 && sequence < 3500 ? 2000 : sequence) * 7000).toISOString(),
  })) as unknown as RecordedEvent[]
  let questions = 0
  const within = (selection: Selection) => {
    const q = selection.q ?? ''
    const limit = Number(/sequence:<(\d+)/.exec(q)?.[1] ?? Number.POSITIVE_INFINITY)
    const own = /sequence:(\d+)/.exec(q)?.[1]
    const beside = /\(occurred:([<>])(\S+) OR \(occurred:(\S+) sequence:([<>])(\d+)\)\)/.exec(q)
    const micros = (event: RecordedEvent) => event.occurred_at!.replace('Z', '000Z')
    const beyond = (event: RecordedEvent) => {
      if (!beside) return true
      const [sign, at, same, , sequence] = beside.slice(1) as [string, string, string, string, string]
      if (micros(event) === same) return sign === '>' ? event.sequence > Number(sequence) : event.sequence < Number(sequence)
      return sign === '>' ? micros(event) > at : micros(event) < at
    }
    return events.filter((event) => event.sequence < limit && (own === undefined || event.sequence === Number(own)) && (!selection.tenant.endsWith('even') || event.sequence % 2 === 0) && beyond(event) && event.occurred_at! >= (selection.from ?? '') && (!selection.to || event.occurred_at! < selection.to))
  }
  const source: Source = {
    pinned: (selection, asOf) => ({ ...selection, q: `sequence:<${asOf}` }),
    page: async (selection, { limit, order, cursor }) => {
      questions += 1
      const sorted = within(selection).sort((a, b) => a.occurred_at!.localeCompare(b.occurred_at!) || a.sequence - b.sequence)
      if (order === 'desc') sorted.reverse()
      const [at, seen] = cursor ? cursor.split(' ').map(Number) : [0, count]
      const held = sorted.filter((event) => event.sequence < seen!)
      const page = held.slice(at, at! + limit)
      return { events: page, total: held.length, own_left_out: 0, as_of: seen!, checkpoint: { size: count, root: '' }, next_cursor: at! + limit < held.length ? `${at! + limit} ${seen}` : null }
    },
    counts: async (selection) => {
      const held = within(selection)
      const buckets: { start: string; total: number }[] = []
      // The last stretch is that of the newest event.
      const newest = Math.max(...held.map((event) => Date.parse(event.occurred_at!)))
      for (let at = START; at <= newest; at += MINUTE) {
        const [from, to] = [new Date(at).toISOString(), new Date(at + MINUTE).toISOString()]
        buckets.push({ start: from, total: held.filter((event) => event.occurred_at! >= from && event.occurred_at! < to).length })
      }
      return buckets
    },
  }
  return { events, source, late: (event: Partial<RecordedEvent>) => events.push(event as RecordedEvent), questions: () => questions }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

test.each(['desc', 'asc'] as const)('every row is the one a single list would show (%s)', async (order) => {
  const count = 6000
  const { events, source } = ledger(count)
  const rows = new Rows(source, { tenant: 'main', tz: 'UTC' }, order)
  await settled()
  const expected = [...events].sort((a, b) => a.occurred_at!.localeCompare(b.occurred_at!) || a.sequence - b.sequence)
  if (order === 'desc') expected.reverse()
  expect(rows.view).toMatchObject({ state: 'ready', total: count })
  for (const row of [0, 199, 200, 5999, 2400, 3900, 3100, 1500, 5000, 640]) {
    rows.want(row, row + 20)
    await settled()
    await settled()
    expect(rows.at(row)?.sequence, `row ${row}`).toBe(expected[row]!.sequence)
  }
})

test('a far row costs few questions, and rows stay when late events come', async () => {
  const count = 6000
  const { events, source, late, questions } = ledger(count)
  const expected = [...events].sort((a, b) => b.occurred_at!.localeCompare(a.occurred_at!) || b.sequence - a.sequence)
  const rows = new Rows(source, { tenant: 'main', tz: 'UTC' }, 'desc')
  await settled()
  for (let extra = 0; extra < 30; extra += 1) late({ display_id: `late ${extra}`, sequence: count + extra, occurred_at: new Date(START + 1000 * extra).toISOString() })
  rows.want(5500, 5530)
  await settled()
  expect(rows.at(5500)?.sequence).toBe(expected[5500]!.sequence)
  expect(questions()).toBeLessThan(4)
})

test('a far row of a rush at the end is reached from the first one', async () => {
  const { events, source } = ledger(3500)
  const rows = new Rows(source, { tenant: 'main', tz: 'UTC' }, 'desc')
  await settled()
  const expected = [...events].sort((a, b) => b.occurred_at!.localeCompare(a.occurred_at!) || b.sequence - a.sequence)
  rows.want(1400, 1430)
  await settled()
  await settled()
  expect(rows.at(1400)?.sequence).toBe(expected[1400]!.sequence)
})

test('of many rows the near ones are kept, and the others come back', async () => {
  const count = 30_000
  const { events, source, questions } = ledger(count)
  const expected = [...events].sort((a, b) => b.occurred_at!.localeCompare(a.occurred_at!) || b.sequence - a.sequence)
  const rows = new Rows(source, { tenant: 'main', tz: 'UTC' }, 'desc')
  await settled()
  const there = async (row: number) => {
    rows.want(row, row + 20)
    for (let tries = 0; tries < 50 && !rows.at(row); tries += 1) await settled()
    expect(rows.at(row)?.sequence, `row ${row}`).toBe(expected[row]!.sequence)
  }
  for (let row = 0; row < count; row += 250) await there(row)
  const held = expected.filter((_, row) => rows.at(row)).length
  expect(held).toBeGreaterThan(10_000)
  expect(held).toBeLessThan(23_000)
  // Fast scrolling asks for many at once.
  expect(questions()).toBeLessThan(count / 500)
  await there(4000)
  for (let row = 4000; row > 3000; row -= 100) await there(row)
  await there(count - 1)
}, 30_000)

test.each(['desc', 'asc'] as const)('an event is found at its row without those before it (%s)', async (order) => {
  const { events, source, questions } = ledger(6000)
  const expected = [...events].sort((a, b) => a.occurred_at!.localeCompare(b.occurred_at!) || a.sequence - b.sequence)
  if (order === 'desc') expected.reverse()
  const rows = new Rows(source, { tenant: 'main', tz: 'UTC' }, order)
  await settled()
  // The rush has 1,500 events of the same moment.
  for (const row of [0, 5999, 3100, 2600, 4500]) {
    const before = questions()
    const event = expected[row]!
    expect(await rows.find(event)).toEqual({ row, listed: true })
    expect(await rows.find(event)).toEqual({ row, listed: true })
    expect(questions() - before).toBeLessThan(3)
    expect(rows.rowOf(event.display_id)).toBe(row)
  }
})

test('of an event that is not in the list the place is known', async () => {
  const { events, source } = ledger(2000)
  const rows = new Rows(source, { tenant: 'even', tz: 'UTC' }, 'desc')
  await settled()
  const event = events[901]!
  // The rows are 1998, 1996, …; before the event's place stand those down to 902.
  expect(await rows.find(event)).toEqual({ row: (1998 - 902) / 2 + 1, listed: false })
  expect(rows.rowOf(event.display_id)).toBeUndefined()
})
