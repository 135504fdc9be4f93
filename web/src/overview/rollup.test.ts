import { expect, test } from 'vitest'
import type { RecordedEvent } from '../api/client'
import { rolledUp } from './rollup'
import { csv } from './csv'

const event = (minute: number, actor: string, action: string) =>
  ({ display_id: '', sequence: 0, received_at: '', kind: 0, occurred_at: new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString(), actor: { type: 'user', id: actor }, action }) as unknown as RecordedEvent

test('like events close to each other are one line', () => {
  const rolls = rolledUp([event(50, 'a', 'x'), event(49, 'b', 'x'), event(45, 'a', 'x'), event(36, 'a', 'x'), event(20, 'a', 'x'), event(19, 'a', 'y')])
  expect(rolls.map((roll) => [roll.newest.actor?.id, roll.newest.action, roll.count])).toEqual([
    ['a', 'x', 3],
    ['b', 'x', 1],
    ['a', 'x', 1],
    ['a', 'y', 1],
  ])
})

test('a spreadsheet runs nothing that stands in a cell', () => {
  expect(csv([['=1+1', 'a "b"', 'c,d'], ['-2', '@x', '\tz']])).toBe('\'=1+1,"a ""b""","c,d"\r\n\'-2,\'@x,\'\tz\r\n')
})
