import { expect, test } from 'vitest'
import { both, chosen, choosing, coloured, excluding, quoted, terms, toggled, withoutField, withoutTerm } from './terms'

test('a search is taken apart outside quotes and parentheses', () => {
  const found = terms('action:login -actor.name:"john smith" (a OR b) entity:(customer OR "sales order") refund*')
  expect(found.map((term) => [term.text, term.negated, term.field, term.values])).toEqual([
    ['action:login', false, 'action', ['login']],
    ['-actor.name:"john smith"', true, 'actor.name', ['john smith']],
    ['(a OR b)', false, undefined, undefined],
    ['entity:(customer OR "sales order")', false, 'entity', ['customer', 'sales order']],
    ['refund*', false, undefined, undefined],
  ])
})

test('a click adds a value, a second one an alternative, a third takes it away', () => {
  const one = toggled('refund', 'target.type', 'customer')
  expect(one).toBe('refund target.type:customer')
  const two = toggled(one, 'target.type', 'sales order')
  expect(two).toBe('refund target.type:(customer OR "sales order")')
  expect(toggled(two, 'target.type', 'customer')).toBe('refund target.type:"sales order"')
})

test('aliases are the same field and keep their spelling', () => {
  expect(toggled('entity:customer', 'target.type', 'order')).toBe('entity:(customer OR order)')
  expect(chosen('record:C-1 -entity:user', 'target.type')).toEqual({ wanted: [], excluded: ['user'] })
})

test('excluding frees what was wanted and is undone by itself', () => {
  const text = excluding('action:(login OR logout)', 'action', 'login')
  expect(text).toBe('action:logout -action:login')
  expect(excluding(text, 'action', 'login')).toBe('action:logout')
  expect(toggled('-action:login', 'action', 'login')).toBe('action:login')
})

test('comparisons and stars keep their meaning beside a value that is added', () => {
  expect(toggled('severity:>=high', 'severity', 'low')).toBe('severity:(>=high OR low)')
  expect(excluding('action:login.* -action:"a b"', 'action', 'x')).toBe('action:login.* -action:("a b" OR x)')
})

test('a top-level OR is put in parentheses before anything is added', () => {
  expect(toggled('login OR logout', 'outcome', 'failure')).toBe('(login OR logout) outcome:failure')
  expect(both('a OR b', 'sequence:<9')).toBe('(a OR b) sequence:<9')
  expect(both('', 'sequence:<9')).toBe('sequence:<9')
})

test('terms and fields are taken out', () => {
  expect(withoutTerm('a action:b c', 1)).toBe('a c')
  expect(withoutField('a action:b -action:d c', 'action')).toBe('a -action:d c')
  expect(choosing('a', 'severity', ['high', 'critical'])).toBe('a severity:(high OR critical)')
})

test('values that could mean something else are put in quotes', () => {
  expect(quoted('u-1001')).toBe('u-1001')
  expect(quoted('New York')).toBe('"New York"')
  expect(quoted('say "x" \\')).toBe('"say \\"x\\" \\\\"')
  expect(quoted('-5')).toBe('"-5"')
  expect(quoted('a*')).toBe('"a*"')
  expect(quoted('1..2')).toBe('"1..2"')
  expect(quoted('OR')).toBe('"OR"')
  expect(quoted('>5')).toBe('">5"')
  expect(quoted('')).toBe('""')
})

test('coloured pieces join to the text', () => {
  for (const text of ['action:login  -x:"a b" (c OR d) "open', 'a"b"c', '::', '-', 'é:ü "\\"']) {
    expect(coloured(text).map((piece) => piece.text).join('')).toBe(text)
  }
})
