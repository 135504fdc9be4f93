import { expect, test } from 'vitest'
import { justAfter } from './moment'

test('the moment after an event is one microsecond later', () => {
  expect(justAfter('2026-01-22T10:45:32.123456Z')).toBe('2026-01-22T10:45:32.123457Z')
  expect(justAfter('2026-01-22T10:45:32+01:00')).toBe('2026-01-22T09:45:32.000001Z')
  expect(justAfter('2026-12-31T23:59:59.999999Z')).toBe('2027-01-01T00:00:00.000000Z')
  expect(justAfter('2026-01-22T10:45:32.5-05:00')).toBe('2026-01-22T15:45:32.500001Z')
})
