import { expect, test } from 'vitest'
import type { RecordedEvent } from '../api/client'
import type { Change } from '../words/event'
import { rebuild } from './history'

const event = (sequence: number, changes: Change[], id = 'C-1') =>
  ({ display_id: `LOG-2026-${sequence}`, sequence, received_at: '', kind: 0, targets: [{ type: 'customer', id }], changes }) as unknown as RecordedEvent

test('state is rebuilt from changes, and a change that was never told is a gap', () => {
  const moments = rebuild(
    [
      event(1, [{ path: 'limit', label: 'Limit', old: null, new: 10 }]),
      event(2, [{ path: 'limit', old: 10, new: 20 }, { path: 'status', old: 'A', new: 'A' }]),
      event(3, [{ path: 'limit', old: 25, new: 30 }]),
      event(4, [{ path: 'limit', old: 0, new: 1 }], 'C-2'),
    ],
    'customer',
    'C-1',
  )
  expect(moments.map((moment) => moment.state.map((field) => [field.path, field.value]))).toEqual([
    [['limit', 10]],
    [['limit', 20], ['status', 'A']],
    [['limit', 30], ['status', 'A']],
    [['limit', 30], ['status', 'A']],
  ])
  expect(moments.map((moment) => moment.gaps.length)).toEqual([0, 0, 1, 0])
  expect(moments[2]!.gaps[0]).toMatchObject({ expected: 20, found: 25 })
})
