import { ActionIcon, Menu, Select, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { Outlet, useLocation, useRouter } from '@tanstack/react-router'
import { IconBuilding, IconChevronDown, IconClock, IconDeviceDesktop, IconKeyboard, IconLayoutDashboard, IconList, IconMenu2, IconMoon, IconSearch, IconSettings, IconSun, IconUser } from '@tabler/icons-react'
import { Suspense, lazy, useEffect, useState } from 'react'
import { identity } from '../api/identity'
import { ExportJobs } from '../events/ExportJobs'
import { DoneNote } from '../parts/DoneNote'
import { Go } from '../parts/Go'
import { ZoneSelect } from '../parts/ZoneSelect'
import { useKeys } from '../parts/keys'
import { left } from '../routes'
import { PasswordQuestion } from '../session/confirm'
import { useChoose, useNow, usePreferences, useSession, useTenant, useZone } from '../session/session'
import { urls } from '../urls'
import { t } from '../words/i18n'
import { browserZone, minuteOnly, offsetName } from '../words/time'
import { KeysHelp } from './KeysHelp'
import { useCrumbs } from './crumbs'

const CommandPalette = lazy(() => import('./CommandPalette'))

/** What stands around every page of a tenant. */
export function Shell() {
  const tenant = useTenant()
  const { pathname } = useLocation()
  const [palette, setPalette] = useState(false)
  const [help, setHelp] = useState(false)
  const [navigation, setNavigation] = useState(false)
  useTheme()
  useKeys({
    'mod+k': () => setPalette(true),
    '?': () => setHelp(true),
  })
  useEffect(() => setNavigation(false), [pathname])
  return (
    <div className="shell">
      <a className="skip" href="#page">
        {t('Skip to the page')}
      </a>
      <nav className={navigation ? 'nav nav-open' : 'nav'} aria-label={t('Main')} id="navigation" onClick={({ target }) => (target as HTMLElement).closest('a') && setNavigation(false)}>
        <Navigation />
      </nav>
      {navigation && <div className="nav-behind" onClick={() => setNavigation(false)} />}
      <header className="top">
        <ActionIcon className="only-narrow" color="gray" aria-label={t('Navigation')} aria-expanded={navigation} aria-controls="navigation" onClick={() => setNavigation(!navigation)}>
          <IconMenu2 size={18} />
        </ActionIcon>
        <Crumbs />
        <div className="top-right">
          <ZoneMenu />
          <Tooltip label={t('Search and commands')}>
            <UnstyledButton className="palette-button" onClick={() => setPalette(true)} aria-label={t('Search and commands')}>
              <IconSearch size={14} aria-hidden /> <kbd className="only-wide">{navigator.platform.startsWith('Mac') ? '⌘K' : 'Ctrl K'}</kbd>
            </UnstyledButton>
          </Tooltip>
          <ThemeMenu />
          <AccountMenu showKeys={() => setHelp(true)} />
        </div>
      </header>
      <main className="page" id="page" tabIndex={-1} key={tenant.name}>
        <Outlet />
      </main>
      <div className="jobs">
        <ExportJobs />
        <DoneNote />
      </div>
      <PasswordQuestion />
      {help && <KeysHelp close={() => setHelp(false)} />}
      {palette && (
        <Suspense>
          <CommandPalette close={() => setPalette(false)} showKeys={() => setHelp(true)} />
        </Suspense>
      )}
    </div>
  )
}

/** The theme is the account's; what this browser remembers is shown until it is known. */
function useTheme(): void {
  const { theme = 'auto' } = usePreferences()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  // Not where the browser's changes: another tab chose, and two tabs that insist would do so forever.
  useEffect(() => setColorScheme(theme), [theme])
}

function Navigation() {
  const session = useSession()
  const tenant = useTenant()
  const router = useRouter()
  const { pathname } = useLocation()
  const link = (to: string, words: string, Icon?: typeof IconList) => (
    <li>
      <Go to={to} className={Icon ? 'nav-link' : 'nav-link nav-sub'} aria-current={pathname === to || pathname.startsWith(`${to}/`) ? 'page' : undefined}>
        {Icon && <Icon size={16} aria-hidden />} {words}
      </Go>
    </li>
  )
  const config = tenant.permissions.includes('config.read')
  return (
    <>
      <Go to={urls.overview(tenant.name)} className="brand">
        <img src="/icon.svg" alt="" width={20} height={20} /> Annals
      </Go>
      {session.tenants.length > 1 ? (
        <Select
          className="tenant-switch"
          size="xs"
          aria-label={t('Tenant')}
          leftSection={<IconBuilding size={14} />}
          data={session.tenants.map((one) => ({ value: one.name, label: one.organization || one.name }))}
          value={tenant.name}
          onChange={(name) => name && void router.navigate({ href: urls.overview(name) })}
          renderOption={({ option }) => <bdi>{option.label}</bdi>}
          allowDeselect={false}
          searchable={session.tenants.length > 8}
        />
      ) : (
        <p className="tenant-name">
          <bdi>{tenant.organization || tenant.name}</bdi>
        </p>
      )}
      <ul>
        {link(urls.overview(tenant.name), t('Overview'), IconLayoutDashboard)}
        {link(urls.events(tenant.name), t('Events'), IconList)}
        {config && (
          <li>
            <span className="nav-link nav-head">
              <IconSettings size={16} aria-hidden /> {t('Settings')}
            </span>
            <ul>
              {link(urls.settings(tenant.name, 'people'), t('People'))}
              {link(urls.settings(tenant.name, 'teams'), t('Teams'))}
              {link(urls.settings(tenant.name, 'keys'), t('API keys'))}
              {link(urls.settings(tenant.name, 'tenants'), t('Tenants'))}
              {link(urls.settings(tenant.name, 'general'), t('General'))}
            </ul>
          </li>
        )}
      </ul>
      <p className="nav-foot">
        <a href="/docs/">{t('API reference')}</a>
      </p>
    </>
  )
}

function Crumbs() {
  const crumbs = useCrumbs()
  return (
    <nav aria-label={t('Breadcrumb')} className="crumbs">
      <ol>
        {crumbs.map((crumb, place) => {
          const last = place === crumbs.length - 1
          return (
            <li key={crumb.words} aria-current={last ? 'page' : undefined}>
              {crumb.to && !last ? (
                <Go to={crumb.to}>
                  <bdi>{crumb.words}</bdi>
                </Go>
              ) : (
                <bdi>{crumb.words}</bdi>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

function ZoneMenu() {
  const zone = useZone()
  const now = useNow()
  const choose = useChoose()
  const [all, setAll] = useState(false)
  const { person } = useSession()
  const likely = [...new Set([person.time_zone, browserZone(), 'UTC', zone])].filter((name): name is string => Boolean(name))
  return (
    <Menu width={280} position="bottom-end" onClose={() => setAll(false)}>
      <Menu.Target>
        <Tooltip
          label={
            <span className="readings">
              <span>{zone}</span>
              <span className="mono">
                {minuteOnly(now, zone)} {offsetName(now, zone)}
              </span>
              <span>UTC</span>
              <span className="mono">{minuteOnly(now, 'UTC')}</span>
            </span>
          }
        >
          <UnstyledButton className="top-button" aria-label={t('Time zone {{zone}}', { zone })}>
            <IconClock size={14} aria-hidden /> <span className="only-wide">{zone}</span> <IconChevronDown size={12} aria-hidden />
          </UnstyledButton>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('Times are shown in')}</Menu.Label>
        {likely.map((name) => (
          <Menu.Item key={name} onClick={() => choose({ zone: name })} rightSection={<span className="muted mono small">{offsetName(now, name)}</span>} aria-current={name === zone || undefined}>
            {name === zone ? <strong>{name}</strong> : name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {all ? (
          <ZoneSelect className="menu-field" aria-label={t('Another time zone')} autoFocus comboboxProps={{ withinPortal: false }} onChange={(name) => choose({ zone: name })} />
        ) : (
          <Menu.Item closeMenuOnClick={false} onClick={() => setAll(true)}>
            {t('Another time zone …')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

function ThemeMenu() {
  const { theme = 'auto' } = usePreferences()
  const choose = useChoose()
  const Icon = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop }[theme]
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t('Light or dark')}>
          <ActionIcon color="gray" aria-label={t('Light or dark')}>
            <Icon size={16} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconSun size={14} />} onClick={() => choose({ theme: 'light' })}>
          {t('Light')}
        </Menu.Item>
        <Menu.Item leftSection={<IconMoon size={14} />} onClick={() => choose({ theme: 'dark' })}>
          {t('Dark')}
        </Menu.Item>
        <Menu.Item leftSection={<IconDeviceDesktop size={14} />} onClick={() => choose({ theme: 'auto' })}>
          {t('As the system')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function AccountMenu({ showKeys }: { showKeys: () => void }) {
  const { person } = useSession()
  const tenant = useTenant()
  const router = useRouter()
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton className="top-button" aria-label={t('Account of {{name}}', { name: person.name })}>
          <IconUser size={14} aria-hidden />
          <span className="only-wide">
            <bdi>{person.name}</bdi>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{person.email}</bdi>
        </Menu.Label>
        <Menu.Item onClick={() => void router.navigate({ href: urls.account(tenant.name) })} leftSection={<IconUser size={14} />}>
          {t('Your account')}
        </Menu.Item>
        <Menu.Item onClick={showKeys} leftSection={<IconKeyboard size={14} />} rightSection={<kbd>?</kbd>}>
          {t('Keys and marks')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void identity.signOut().finally(left)}>{t('Sign out')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
