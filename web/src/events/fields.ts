import { t } from '../words/i18n'

export interface FacetField {
  field: string
  words: () => string
}

/** Fields that are offered for filtering, in order. */
export const FACETS: FacetField[] = [
  { field: 'category', words: () => t('Category') },
  { field: 'severity', words: () => t('Severity') },
  { field: 'outcome', words: () => t('Outcome') },
  { field: 'activity', words: () => t('Action type') },
  { field: 'target.type', words: () => t('Entity') },
  { field: 'actor.id', words: () => t('User') },
  { field: 'action', words: () => t('Action') },
  { field: 'actor.type', words: () => t('Kind of actor') },
  { field: 'app', words: () => t('Application') },
  { field: 'ip', words: () => t('IP address') },
  { field: 'changed', words: () => t('Changed field') },
]

/** Those that stand above the table as well. */
export const FILTER_BAR = ['actor.id', 'activity', 'target.type', 'outcome', 'category', 'severity']

export function fieldWords(field: string): string {
  return FACETS.find((one) => one.field === field)?.words() ?? field
}
