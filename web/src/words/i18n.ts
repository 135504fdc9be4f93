import i18next from 'i18next'
import en from './en.json'

/**
 * Words on the screen. The English sentence is its own key, so English is complete by construction;
 * `en.json` holds only what depends on a number. Another language is one more file of the same keys.
 */
void i18next.init({
  lng: 'en',
  resources: { en: { translation: en } },
  keySeparator: false,
  nsSeparator: false,
  returnEmptyString: false,
  initAsync: false,
  showSupportNotice: false,
  // React escapes; doing it twice would show entities.
  interpolation: { escapeValue: false },
})

/** Words without values, which a scrolling list asks for thousands of times a second. */
const plain = new Map<string, string>()

export function t(key: string, values?: Record<string, unknown>): string {
  if (values) return i18next.t(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? isolated(value) : value])))
  let words = plain.get(key)
  if (words === undefined) {
    words = i18next.t(key)
    plain.set(key, words)
  }
  return words
}

/** Letters written from right to left, and signs that turn the direction. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]|[\ud802\ud803\ud83a\ud83b]/
const [OPEN, CLOSE] = ['\u2068', '\u2069']

/** A value that cannot turn the words around it: `from A to B` stays in this order whatever A is. */
export function isolated(value: string): string {
  if (!TURNS.test(value)) return value
  let depth = 0
  const balanced = value.replaceAll(/[\u2066-\u2069]/g, (sign) => {
    if (sign !== CLOSE) depth += 1
    else if (depth === 0) return ''
    else depth -= 1
    return sign
  })
  return OPEN + balanced + CLOSE.repeat(depth + 1)
}
