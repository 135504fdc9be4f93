import { expect, test } from 'vitest'
import { isolated, t } from './i18n'

test('a value cannot turn the words around it', () => {
  expect(t('from {{old}} to {{new}}', { old: 'A', new: 'B' })).toBe('from A to B')
  expect(t('from {{old}} to {{new}}', { old: '\u202EA', new: 'B' })).toBe('from \u2068\u202EA\u2069 to B')
  expect(isolated('שלום')).toBe('\u2068שלום\u2069')
})

test('a value cannot end its own isolation', () => {
  expect(isolated('a\u2069\u202Eb')).toBe('\u2068a\u202Eb\u2069')
  expect(isolated('a\u2067b')).toBe('\u2068a\u2067b\u2069\u2069')
  expect(isolated('a\u2066b\u2069\u2069c')).toBe('\u2068a\u2066b\u2069c\u2069')
})
