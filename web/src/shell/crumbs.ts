import { useLocation, useParams } from '@tanstack/react-router'
import { useTenant } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'

interface Crumb {
  words: string
  to?: string
}

/** The way to the screen that is open: Settings / Security / Audit logs, and on from there. */
export function useCrumbs(): Crumb[] {
  const tenant = useTenant().name
  const { pathname } = useLocation()
  const { id } = useParams({ strict: false })
  const [, , , section, page] = pathname.split('/')
  const settings = { words: t('Settings'), to: urls.settings(tenant, 'general') }
  const log = [settings, { words: t('Security'), to: urls.settings(tenant, 'people') }, { words: t('Audit logs'), to: urls.overview(tenant) }]
  if (section === 'overview') return log
  if (section === 'events') return page ? [...log, { words: t('Events'), to: urls.events(tenant) }, { words: id ?? page }] : [...log, { words: t('Events') }]
  if (section === 'records') return [...log, { words: t('Events'), to: urls.events(tenant) }, { words: t('Record {{id}}', { id: id ?? '' }) }]
  if (section === 'account') return [{ words: t('Your account') }]
  const words = { people: t('People'), teams: t('Teams'), keys: t('API keys'), tenants: t('Tenants'), general: t('General') }[page ?? '']
  return words ? [settings, { words }] : []
}
