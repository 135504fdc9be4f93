import { expect, test } from 'vitest'
import { type ExportFormat, RecordCounter } from './exports'

function count(format: ExportFormat, text: string, piece = 7): number {
  const counter = new RecordCounter(format)
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += piece) counter.add(bytes.subarray(at, at + piece))
  return counter.end()
}

test('records are counted as they pass', () => {
  expect(count('csv', 'id,message\n1,"a\nb ""c"""\n2,x\n')).toBe(2)
  expect(count('json', '[{"a":{"b":[{"c":"}]\\""}]}},{}]')).toBe(2)
  expect(count('json', '[]')).toBe(0)
  expect(count('ndjson', '{"a":1}\n{"a":2}\n{"end":{"count":2}}\n')).toBe(2)
})

test('what was cut is not taken for whole', () => {
  expect(() => count('ndjson', '{"a":1}\n{"a":2}\n')).toThrow()
  expect(() => count('ndjson', '{"a":1}\n{"end":{"count":2}}\n')).toThrow()
  expect(() => count('json', '[{"a":1},{"b"')).toThrow()
})
