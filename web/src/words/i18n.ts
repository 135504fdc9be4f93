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

export function t(key: string, values?: Record<string, unknown>): string {
  return i18next.t(key, values ?? {})
}
