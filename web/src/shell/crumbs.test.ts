import { expect, test } from 'vitest'
import { crumbsOf } from './crumbs'

const way = (pathname: string, settings: boolean) => crumbsOf(pathname, { tenant: 'main', settings }).map(({ words, to }) => [words, to])

test('the names of settings lead there only for a role that has them', () => {
  expect(way('/t/main/events', true)).toEqual([
    ['Settings', '/t/main/settings/general'],
    ['Security', '/t/main/settings/people'],
    ['Audit logs', '/t/main/overview'],
    ['Events', undefined],
  ])
  for (const screen of ['overview', 'events', 'events/LOG-2026-0000001', 'records/customer/C-1', 'settings/keys']) {
    expect(way(`/t/main/${screen}`, false).filter(([, to]) => to?.includes('/settings/'))).toEqual([])
  }
})
