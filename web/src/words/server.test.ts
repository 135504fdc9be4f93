import { expect, test } from 'vitest'
import { ApiError } from '../api/client'
import { said } from './server'

test('what the server says reads as a sentence', () => {
  expect(said('this needs the role auditor; you are viewer in the tenant `main`')).toBe('This needs the role auditor; you are viewer in the tenant “main”')
  expect(said('`from` is after `to`')).toBe('“from” is after “to”')
  expect(said('actor.id is missing')).toBe('actor.id is missing')
  expect(new ApiError({ type: '', title: '', status: 403, code: 'missing_role', detail: 'this needs `x`' }).message).toBe('This needs “x”')
})
