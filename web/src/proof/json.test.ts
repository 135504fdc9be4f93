import { expect, test } from 'vitest'
import { readableJson } from './json'

test('a number that would lose digits is kept as text, every other one is a number', () => {
  const numbers = ['0', '-1', '1.5', '10000.00', '9007199254740991', '-9007199254740991', '123456789012345', '1e3', '0.1']
  expect(readableJson(`[${numbers.join(',')}]`)).toEqual(numbers.map(Number))
  const lost = ['9007199254740993', '-12345678901234567890', '12345678901234567890.10', '0.12345678901234567', '1e400', '-1E999']
  expect(readableJson(`{"some":[${lost.join(', ')}]}`)).toEqual({ some: lost })
  expect(lost.map((one) => readableJson(one))).toEqual(lost)
})

test('texts stay as they are, whatever they look like', () => {
  const texts = ['a:12345678901234567890', '","b":12345678901234567890,"', '\\', '\\"12345678901234567890', '[12345678901234567890]', '\u2028 \n', '1e400']
  const value = { texts, '12345678901234567890': 'name', ':1e400': 1, here: '12345678901234567890' }
  expect(readableJson(JSON.stringify(value))).toEqual(value)
  const more = JSON.stringify(value).replace('"here":"12345678901234567890"', '"here": 12345678901234567890')
  expect(readableJson(more)).toEqual(value)
})

test('a long text and many numbers are read at once', () => {
  const text = JSON.stringify({ text: '\\"'.repeat(1_000_000), many: Array.from({ length: 20_000 }, (_, place) => place) }).replace('"many":[', '"many":[12345678901234567890,')
  const { text: long, many } = readableJson(text) as { text: string; many: unknown[] }
  expect([long.length, many.length, many[0]]).toEqual([2_000_000, 20_001, '12345678901234567890'])
})
