import { expect, test } from 'vitest'
import { HOUR_MS } from '../words/time'
import { Clock } from './clock'

const START = Date.parse('2026-11-24T10:00:00.400Z')

/** A server, and a device whose clock is behind it by so much. Answers take a tenth of a second each way. */
function behind(by: number) {
  let server = START
  let off = by
  const clock = new Clock(() => server - off)
  const ask = async () => {
    await clock.asking(async () => {
      server += 100
      const date = new Date(server).toUTCString()
      server += 100
      return new Response('', { headers: { date } })
    })
  }
  const wrong = () => Math.abs(clock.now().getTime() - server)
  return { clock, ask, wrong, pass: (ms: number) => (server += ms), set: (by: number) => (off = by) }
}

test('what is now is what the server says, and the better known the more it said', async () => {
  for (const off of [HOUR_MS, -HOUR_MS, 26 * HOUR_MS, 3000]) {
    const { ask, wrong, pass } = behind(off)
    expect(wrong()).toBe(Math.abs(off))
    await ask()
    expect(wrong()).toBeLessThan(700)
    for (let more = 0; more < 40; more += 1) {
      pass(170)
      await ask()
    }
    expect(wrong()).toBeLessThan(150)
  }
})

test('a clock that is right is left alone', async () => {
  const { ask, wrong } = behind(300)
  await ask()
  expect(wrong()).toBe(300)
})

test('a clock that is set is believed no longer', async () => {
  const { ask, wrong, set, pass } = behind(HOUR_MS)
  await ask()
  set(0)
  expect(wrong()).toBeGreaterThan(HOUR_MS - 1000)
  pass(5000)
  await ask()
  expect(wrong()).toBe(0)
})

test('an answer that says no time changes nothing', async () => {
  const { clock, wrong } = behind(HOUR_MS)
  await clock.asking(async () => new Response(''))
  expect(wrong()).toBe(HOUR_MS)
})
