import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { RecordedEvent } from '../api/client'
import { actorName, details, deviceText, namesType, placeText, riskReasonWord, sentence, shortened, unchanged, valueText } from './event'

const event = (more: Partial<RecordedEvent>): RecordedEvent => ({
  display_id: 'LOG-2026-0000001',
  sequence: 1,
  received_at: '2026-01-22T10:20:00.000000Z',
  kind: 0,
  action: 'customer.update',
  activity: 'update',
  actor: { type: 'user', id: 'u-1', name: 'John Smith' },
  ...more,
})

test('a change is told as one sentence', () => {
  const changed = event({
    targets: [{ type: 'customer', id: 'C-1', name: 'Acme Corporation' }],
    changes: [
      { path: 'credit_limit', label: 'Credit Limit', old: { amount: '10000.00', currency: 'USD' }, new: { amount: '15000.00', currency: 'USD' }, type: 'money' },
      { path: 'status', old: 'Active', new: 'Active' },
    ],
  })
  expect(sentence(changed, 'UTC')).toMatch(/^John Smith changed Credit Limit of Acme Corporation from (US)?\$10,000\.00 to (US)?\$15,000\.00$/)
  expect(details(changed, 'UTC')).toContain('Credit Limit: ')
})

test('who is not a person is said to be what it is', () => {
  expect(actorName({ type: 'system', id: 'sys-monitor', name: 'monitor' })).toBe('System')
  expect(actorName({ type: 'api_key', id: 'k', name: 'Main' })).toBe('API (Main)')
  expect(actorName({ type: 'anonymous' })).toBe('Unknown')
  expect(actorName(undefined)).toBe('Unknown')
})

test('an erased event says so and shows nothing else', () => {
  const erased = event({ action: undefined, actor: undefined, erasure: { withheld: 9, of: 9, category: 'view' } })
  expect(sentence(erased, 'UTC')).toContain('erased')
  expect(details(erased, 'UTC')).toBe('erased')
})

test('values read by their type', () => {
  expect(valueText(undefined, 'string', 'UTC')).toBe('not recorded')
  expect(valueText(true, 'bool', 'UTC')).toBe('Yes')
  expect(valueText('12345678901234567890.10', 'money', 'UTC')).toBe('12,345,678,901,234,567,890.10')
  expect(valueText({ a: 1 }, 'json', 'UTC')).toBe('{"a":1}')
})

test('a date without an offset reads as it was written, wherever it is read', () => {
  const before = process.env.TZ
  try {
    for (const TZ of ['America/New_York', 'Asia/Tokyo', 'UTC']) {
      process.env.TZ = TZ
      for (const zone of ['Europe/Berlin', 'Asia/Tokyo', 'UTC']) {
        // An hour that Berlin's clocks skip.
        expect(valueText('2026-03-29T02:30:00', 'date', zone), `${TZ} ${zone}`).toMatch(/29.* 0?2:30:00/)
        expect(valueText('2026-03-29 02:30', 'date', zone)).toMatch(/29.* 0?2:30:00/)
        expect(valueText('29/03/2026', 'date', zone)).toBe('29/03/2026')
        expect(valueText('2026-02-30T10:00:00', 'date', zone)).toBe('2026-02-30T10:00:00')
      }
      expect(valueText('2026-03-29T01:30:00Z', 'date', 'Asia/Tokyo')).toMatch(/29.* 10:30:00/)
      expect(valueText('2026-03-29T01:30:00-04:00', 'date', 'UTC')).toMatch(/29.* 0?5:30:00/)
    }
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
})

test('a name that holds its type is not told twice', () => {
  expect(namesType({ type: 'quote', id: 'QU-22414', name: 'Quote QU-22414' })).toBe(true)
  expect(namesType({ type: 'sales_order', id: 'SO-1', name: 'Sales order SO-1' })).toBe(true)
  expect(namesType({ type: 'customer', id: 'C-1', name: 'Acme' })).toBe(false)
  expect(sentence(event({ activity: 'read', targets: [{ type: 'quote', id: 'QU-22414', name: 'Quote QU-22414' }] }), 'UTC')).toBe('John Smith: Viewed Quote QU-22414')
})

test('what was added on arrival reads in words', () => {
  const enriched = event({ enrichment: { geo: { city: 'Berlin', region: 'Berlin', country: 'DE', estimated: true }, device: { browser: 'Chrome 124', os: 'Windows', kind: 'desktop' } } })
  expect(placeText(enriched)).toBe('Berlin, Germany')
  expect(deviceText(enriched)).toBe('Chrome 124 on Windows · Desktop')
  expect([placeText(event({})), deviceText(event({}))]).toEqual([undefined, undefined])
})

test('every reason of the risk rules has words', () => {
  const rules = readFileSync('../crates/enrich/src/risk.rs', 'utf8')
  const reasons = [...rules.matchAll(/Reason::\w+ => "(\w+)"/g)].map((match) => match[1]!)
  expect(reasons.length).toBeGreaterThan(10)
  for (const reason of reasons) expect(riskReasonWord(reason)).not.toBe(reason)
})

test('ids shorten in the middle', () => {
  expect(shortened('01a20c36-dc08-7844-b9bb-42534644fada')).toBe('01a20c36…4644fada')
})

test('a change without values changed something', () => {
  expect(unchanged({ path: 'password' })).toBe(false)
  expect(unchanged({ path: 'a', old: null, new: null })).toBe(true)
  expect(unchanged({ path: 'a', old: 1, new: 1 })).toBe(true)
  const event = { action: 'user.update', actor: { id: 'u-1', name: 'Ada' }, targets: [{ type: 'user', id: 'x-1', name: 'Bo' }], changes: [{ path: 'password', label: 'Password' }] } as unknown as RecordedEvent
  expect(sentence(event, 'UTC').replaceAll(/[\u2066-\u2069]/g, '')).toBe('Ada changed Password of Bo')
  expect(details(event, 'UTC')).toBe('Password')
})
