import { expect, test } from 'vitest'
import { eventSearch, fragmentToken, linkTarget, parseQuery, queryText, rangeOf, rangeSearch, safeBack, urls } from './urls'

test('an address is read back as it was written', () => {
  const search = { q: 'action:login "a b"&x=1 ü', from: 'now-1h', event: 'LOG-2026-0000001', columns: 'time,who' }
  const url = urls.events('main', search)
  expect(eventSearch(parseQuery(url.slice(url.indexOf('?'))))).toEqual(search)
})

test('what an address should not hold is left out', () => {
  expect(eventSearch({ order: 'up', from: 'a b', own: 'yes', event: 5, other: 'x', part: 'all' })).toEqual({})
})

test('only what can be followed is live', () => {
  expect(eventSearch({ live: '1' })).toEqual({ live: '1' })
  expect(eventSearch({ live: '1', order: 'asc' })).toEqual({ order: 'asc' })
  expect(eventSearch({ live: '1', to: 'now-1h' })).toEqual({ to: 'now-1h' })
})

test('ranges stand in an address', () => {
  for (const range of [{ from: 'now-7d' }, {}, { to: '2026-01-01' }, { from: 'today' }]) {
    expect(rangeOf(eventSearch(parseQuery(queryText(rangeSearch(range)))))).toEqual({ from: undefined, to: undefined, ...range })
  }
})

test('only paths of this server are gone back to', () => {
  expect(safeBack('/t/main/events?q=a')).toBe('/t/main/events?q=a')
  for (const bad of ['//evil.example.com', '/\\evil.example.com', 'https://evil.example.com', 'javascript:alert(1)', '/sign-in']) expect(safeBack(bad)).toBeUndefined()
})

test('links carry their token in the fragment', () => {
  expect(linkTarget('#setup=abc_DEF-123')).toBe('/setup#abc_DEF-123')
  expect(linkTarget('#other=abc_DEF-123')).toBeUndefined()
  expect(fragmentToken('#abc_DEF-123')).toBe('abc_DEF-123')
  expect(fragmentToken('#<script>')).toBeUndefined()
})
