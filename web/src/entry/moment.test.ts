import { expect, test } from 'vitest'
import { justAfter, typedMoment } from './moment'

test('the moment after an event is one microsecond later', () => {
  expect(justAfter('2026-01-22T10:45:32.123456Z')).toBe('2026-01-22T10:45:32.123457Z')
  expect(justAfter('2026-01-22T10:45:32+01:00')).toBe('2026-01-22T09:45:32.000001Z')
  expect(justAfter('2026-12-31T23:59:59.999999Z')).toBe('2027-01-01T00:00:00.000000Z')
  expect(justAfter('2026-01-22T10:45:32.5-05:00')).toBe('2026-01-22T15:45:32.500001Z')
})

test.each([
  ['2026-11-24 18:00', '2026-11-24T17:00:00.000Z'],
  ['past 4 h', 'now-4h'],
  ['now-7d', 'now-7d'],
  ['now', 'now'],
  ['yesterday', 'yesterday'],
  [' 22 Jan 2026 ', '2026-01-22'],
  ['2026-01-22T10:45:32Z', '2026-01-22T10:45:32.000Z'],
  ['2026-01-22T10:45:32.123456+01:00', '2026-01-22T10:45:32.123456+01:00'],
  ['15 Jan to 22 Jan', '2026-01-15'],
  ['soon', undefined],
  ['all', undefined],
  ['', undefined],
])('a typed moment: %s', (text, moment) => {
  expect(typedMoment(text, 'Europe/Berlin', new Date('2026-11-24T19:30:00Z'), 'monday')).toBe(moment)
})
