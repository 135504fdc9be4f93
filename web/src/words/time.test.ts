import { expect, test, vi } from 'vitest'
import { HOUR_MS, axisTime, columnTime, dateMinute, minuteOnly, zones, zonesLike } from './time'

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

test('so are they on the axis of a chart', () => {
  const ticks = (from: string, zone: string, count = 4) => Array.from({ length: count }, (_, hour) => axisTime(new Date(Date.parse(from) + hour * HOUR_MS), zone, HOUR_MS))
  expect(ticks('2026-10-25T00:00:00Z', 'Europe/Berlin', 3)).toEqual(['02:00 +02', '02:00 +01', '03:00 +01'])
  expect(ticks('2026-10-26T00:00:00Z', 'Europe/Berlin', 2)).toEqual(['01:00', '02:00'])
  // Here it is the first hour of the day: only its first run begins the day.
  expect(ticks('2026-11-01T04:00:00Z', 'America/Havana', 3)).toEqual(['1 Nov', '00:00 -05', '01:00 -05'].map((words, place) => (place ? words : expect.stringMatching(/Nov/))))
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
