import { useLocation, useParams } from '@tanstack/react-router'
import { useTenant } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'

interface Crumb {
  words: string
  to?: string
}

/** The way to the screen that is open. */
export function useCrumbs(): Crumb[] {
  const { name, permissions } = useTenant()
  const { pathname } = useLocation()
  const { id } = useParams({ strict: false })
  return crumbsOf(pathname, { tenant: name, id, settings: permissions.includes('config.read') })
}

/** Settings / Security / Audit logs, and on from there. Where the role has no settings their names are no links. */
export function crumbsOf(pathname: string, { tenant, id, settings }: { tenant: string; id?: string; settings: boolean }): Crumb[] {
  const [, , , section, page] = pathname.split('/')
  const setting = (words: string, page: 'general' | 'people'): Crumb => ({ words, to: settings ? urls.settings(tenant, page) : undefined })
  const top = setting(t('Settings'), 'general')
  const log = [top, setting(t('Security'), 'people'), { words: t('Audit logs'), to: urls.overview(tenant) }]
  if (section === 'overview') return log
  if (section === 'events') return page ? [...log, { words: t('Events'), to: urls.events(tenant) }, { words: id ?? page }] : [...log, { words: t('Events') }]
  if (section === 'records') return [...log, { words: t('Events'), to: urls.events(tenant) }, { words: t('Record {{id}}', { id: id ?? '' }) }]
  if (section === 'account') return [{ words: t('Your account') }]
  const words = { people: t('People'), teams: t('Teams'), keys: t('API keys'), tenants: t('Tenants'), general: t('General') }[page ?? '']
  return words ? [top, { words }] : []
}
