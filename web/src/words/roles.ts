import { t } from './i18n'

export function roleWord(role: string): string {
  return { owner: t('Owner'), admin: t('Admin'), auditor: t('Auditor'), viewer: t('Viewer') }[role] ?? role
}

/** What a role may, in one line. */
export function roleMeaning(role: string): string {
  return {
    owner: t('Everything, people and tenants included'),
    admin: t('Everything but owners and tenants'),
    auditor: t('Reads everything, exports, checks the log'),
    viewer: t('Reads events'),
  }[role] ?? ''
}
