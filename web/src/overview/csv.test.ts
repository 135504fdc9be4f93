import { expect, test } from 'vitest'
import { csv } from './csv'

test('a spreadsheet runs nothing that stands in a cell', () => {
  expect(csv([['=1+1', 'a "b"', 'c,d'], ['-2', '@x', '\tz']])).toBe('\'=1+1,"a ""b""","c,d"\r\n\'-2,\'@x,\'\tz\r\n')
})
