import { expect, test, vi } from 'vitest'
import { columnTime, dateMinute, minuteOnly, zones, zonesLike } from './time'

test('the two runs of an hour that comes twice are told apart', () => {
  const [first, second] = [new Date('2026-10-25T00:30:00Z'), new Date('2026-10-25T01:30:00Z')]
  const now = new Date('2026-11-24T10:00:00Z')
  expect([first, second].map((at) => columnTime(at, 'Europe/Berlin', now).time)).toEqual(['02:30:00 +02', '02:30:00 +01'])
  expect(dateMinute(first, 'Europe/Berlin')).toMatch(/02:30 \+02$/)
  expect(dateMinute(second, 'Europe/Berlin')).toMatch(/02:30 \+01$/)
  // All of that day, so that a list of it reads alike; no other day.
  expect(columnTime(new Date('2026-10-25T11:00:00Z'), 'Europe/Berlin', now).time).toBe('12:00:00 +01')
  expect(columnTime(new Date('2026-10-26T11:00:00Z'), 'Europe/Berlin', now).time).toBe('12:00:00')
  expect(columnTime(first, 'UTC', now).time).toBe('00:30:00')
  expect(dateMinute(new Date('2026-04-04T15:15:00Z'), 'Australia/Lord_Howe')).toMatch(/\+10:30$/)
  expect(minuteOnly(second, 'Europe/Berlin')).toMatch(/02:30$/)
})

test('a zone is found by the name it has today and by the one the browser lists', () => {
  const listed = vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['Asia/Calcutta', 'Asia/Saigon', 'Europe/Kiev', 'UTC'])
  const all = zones()
  for (const zone of ['Asia/Kolkata', 'Asia/Calcutta', 'Europe/Kyiv', 'Europe/Kiev', 'Asia/Ho_Chi_Minh']) expect(all).toContain(zone)
  expect(all[0]).toBe('UTC')
  expect(new Set(all).size).toBe(all.length)
  listed.mockRestore()
})

test('a zone whose place begins with what is typed comes first', () => {
  const all = ['UTC', 'Antarctica/Vostok', 'Asia/Ho_Chi_Minh', 'Asia/Tokyo', 'Asia/Vladivostok']
  expect(zonesLike(all, 'Tok')).toEqual(['Asia/Tokyo', 'Antarctica/Vostok', 'Asia/Vladivostok'])
  expect(zonesLike(all, 'ho chi')).toEqual(['Asia/Ho_Chi_Minh'])
  expect(zonesLike(all, '')).toEqual(all)
})
