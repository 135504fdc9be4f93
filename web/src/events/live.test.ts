import { afterEach, expect, test, vi } from 'vitest'
import type { RecordedEvent } from '../api/client'
import { type Feed, KEPT, Tail } from './live'

const START = Date.parse('2026-01-01T00:00:00Z')

/** A ledger that grows, and a stream of what it gets. `quiet` events do not reach the stream. */
function ledger() {
  const events: RecordedEvent[] = []
  let stream: (EventTarget & { readyState: number }) | undefined
  let questions = 0
  const add = (count: number, more: { quiet?: boolean; at?: number } = {}) => {
    for (let extra = 0; extra < count; extra += 1) {
      const sequence = events.length
      const event = { display_id: `LOG-${sequence}`, sequence, occurred_at: new Date(START + (more.at ?? sequence) * 1000).toISOString() } as unknown as RecordedEvent
      events.push(event)
      if (!more.quiet) stream?.dispatchEvent(new MessageEvent('event', { data: JSON.stringify(event) }))
    }
  }
  const feed: Feed = {
    page: async (selection, { limit, cursor }) => {
      questions += 1
      const from = Number(/sequence:>=(\d+)/.exec(selection.q!)![1])
      const [at, seen] = cursor ? (cursor.split(' ').map(Number) as [number, number]) : [0, events.length]
      const held = events.slice(from, seen).filter((event) => event.occurred_at! >= (selection.from ?? ''))
      held.reverse()
      return { events: held.slice(at, at + limit), total: held.length, own_left_out: 0, as_of: seen, checkpoint: { size: seen, root: '' }, next_cursor: at + limit < held.length ? `${at + limit} ${seen}` : null }
    },
    open: () => {
      stream = Object.assign(new EventTarget(), { readyState: 0, CLOSED: 2, close: () => (stream = undefined) })
      setTimeout(() => stream?.dispatchEvent(new Event('open')))
      return stream as unknown as EventSource
    },
  }
  const say = (event: Event) => stream?.dispatchEvent(event)
  return { add, feed, say, questions: () => questions }
}

const settled = () => vi.advanceTimersByTimeAsync(1000)
const sequences = (tail: Tail) => tail.view.events.map((event) => event.sequence)
const downFrom = (last: number, first: number) => Array.from({ length: last - first + 1 }, (_, place) => last - place)

async function following(selection: { from?: string } = {}) {
  vi.useFakeTimers()
  const source = ledger()
  source.add(10)
  const tail = new Tail(source.feed, { tenant: 'main', tz: 'UTC', ...selection }, 10)
  tail.follow(true)
  await settled()
  return { ...source, tail }
}

afterEach(() => {
  vi.useRealTimers()
})

test('what comes stands on top, newest first, once', async () => {
  const { tail, add } = await following()
  expect(tail.view).toMatchObject({ state: 'open', came: 0, events: [] })
  add(3)
  await settled()
  add(2)
  await settled()
  expect(sequences(tail)).toEqual(downFrom(14, 10))
  expect(tail.view).toMatchObject({ came: 5, waiting: 0, missed: 0, behind: false })
})

test('what waited is let in where it belongs when one is back at the top', async () => {
  const { tail, add } = await following()
  tail.pause(true)
  add(10)
  await settled()
  expect(tail.view).toMatchObject({ came: 10, waiting: 10, events: [] })
  tail.pause(false)
  expect(tail.view).toMatchObject({ waiting: 0 })
  expect(sequences(tail)).toEqual(downFrom(19, 10))
  add(5)
  await settled()
  expect(sequences(tail)).toEqual(downFrom(24, 10))
})

test('an event that happened earlier stands where the list has it', async () => {
  const { tail, add } = await following()
  add(3)
  await settled()
  add(1, { at: 10.5 })
  await settled()
  expect(sequences(tail)).toEqual([12, 11, 13, 10])
})

test('an event outside the range is none of the list', async () => {
  const { tail, add } = await following({ from: new Date(START).toISOString() })
  add(1, { at: -60 })
  add(1)
  await settled()
  expect(sequences(tail)).toEqual([11])
  expect(tail.view.came).toBe(1)
})

test('more than are kept are counted exactly, and it is said', async () => {
  const { tail, add, say } = await following()
  add(KEPT - 100)
  await settled()
  expect(tail.view).toMatchObject({ came: KEPT - 100, behind: false })
  add(2000)
  await settled()
  expect(tail.view).toMatchObject({ came: KEPT + 1900, missed: 1900, behind: true })
  expect(sequences(tail)).toEqual(downFrom(KEPT + 1909, 1910))
  // Neither what the stream passes over is lost nor what it brings again counted twice.
  add(300, { quiet: true })
  say(new MessageEvent('gap', { data: '{"first":0,"last":0}' }))
  await settled()
  expect(tail.view.came).toBe(KEPT + 2200)
})

test('while one reads further down, more than are kept wait', async () => {
  const { tail, add } = await following()
  tail.pause(true)
  add(KEPT + 7)
  await settled()
  expect(tail.view).toMatchObject({ came: KEPT + 7, waiting: KEPT + 7, missed: 0, behind: true, events: [] })
})

test('what came while nobody followed is taken once', async () => {
  const { tail, add } = await following()
  add(4)
  await settled()
  tail.follow(false)
  // What came stays.
  expect(tail.view).toMatchObject({ state: 'off', came: 4 })
  add(1200)
  await settled()
  expect(tail.view.came).toBe(4)
  tail.follow(true)
  add(3)
  await settled()
  expect(tail.view).toMatchObject({ state: 'open', came: 1207, behind: false })
  expect(sequences(tail)).toEqual(downFrom(1216, 10))
})

test('events that only wait to be counted are not remembered one by one', async () => {
  const { tail, add, questions } = await following()
  tail.pause(true)
  for (let part = 0; part < 4; part += 1) {
    add(30_000)
    await settled()
  }
  expect(tail.view.came).toBe(120_000)
  expect(questions()).toBeGreaterThan(1)
  expect(questions()).toBeLessThan(20)
})

test('a number that came by the stream keeps its digits', async () => {
  const { tail, say } = await following()
  say(new MessageEvent('event', { data: '{"display_id":"LOG-10","sequence":10,"occurred_at":"2026-01-01T00:01:00Z","changes":[{"path":"serial","old":9007199254740993,"new":12345678901234567890}]}' }))
  await settled()
  expect(tail.view.events[0]!.changes![0]).toMatchObject({ old: '9007199254740993', new: '12345678901234567890' })
})
