import { expect, test } from 'vitest'
import { widthsOf, widthsText } from './columns'

test('widths are kept as a text, and what means nothing is left out', () => {
  const widths = { who: 200, entity: 333 }
  expect(widthsOf(widthsText(widths))).toEqual(widths)
  expect(widthsText({})).toBeUndefined()
  expect(widthsOf(undefined)).toEqual({})
  expect(widthsOf('who:5,entity:99999,time:9999,nothing:200,__proto__:100,details:,ip:-3,severity:1e3')).toEqual({ who: 60, time: 900 })
})
