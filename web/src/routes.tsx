//! Every screen and what it loads. Pages come in pieces when they are first opened.

import { Button } from '@mantine/core'
import { Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect, useParams } from '@tanstack/react-router'
import { ApiError } from './api/client'
import { identity, keysQuery, ownSessionsQuery, peopleQuery, sessionQuery, settingsQuery, setupQuery, teamsQuery, tenantsQuery } from './api/identity'
import { eventQuery } from './api/events'
import { Failure } from './parts/Failure'
import { Go } from './parts/Go'
import { Waiting } from './parts/Waiting'
import { onSignedOut, queryClient } from './queries'
import { signInHere } from './session/confirm'
import { Shell } from './shell/Shell'
import { NotFound } from './pages/NotFound'
import { t } from './words/i18n'
import { type EventSearch, eventSearch, linkTarget, parseQuery, queryText, safeBack, urls } from './urls'

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <main className="alone">
      <NotFound />
    </main>
  ),
  errorComponent: ({ error, reset }) => (
    <main className="alone">
      <Failure error={error} retry={reset} />
      {error instanceof ApiError && error.status === 404 && <Go to={urls.home()}>{t('Go to the overview')}</Go>}
    </main>
  ),
})

async function signedIn(href: string) {
  try {
    return await queryClient.ensureQueryData(sessionQuery)
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) throw redirect({ href: urls.signIn(safeBack(href)) })
    throw error
  }
}

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async () => {
    const target = linkTarget(window.location.hash)
    if (target) throw redirect({ href: target })
    const session = await signedIn('/').catch(async (error: unknown) => {
      const setup = await queryClient.ensureQueryData(setupQuery).catch(() => undefined)
      if (setup?.needed) throw redirect({ href: '/setup' })
      throw error
    })
    const first = session.tenants[0]
    throw redirect({ href: first ? urls.overview(first.name) : '/no-tenant' })
  },
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (raw: Record<string, unknown>): { back?: string } => (typeof raw.back === 'string' && safeBack(raw.back) ? { back: raw.back } : {}),
  component: lazyRouteComponent(() => import('./pages/SignInPage')),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  loader: () => queryClient.ensureQueryData(setupQuery),
  component: lazyRouteComponent(() => import('./pages/SetupPage')),
})

const invitation = createRoute({ getParentRoute: () => root, path: '/invitation', component: lazyRouteComponent(() => import('./pages/InvitationPage')) })
const reset = createRoute({ getParentRoute: () => root, path: '/reset', component: lazyRouteComponent(() => import('./pages/ResetPage')) })
const demo = createRoute({ getParentRoute: () => root, path: '/demo', component: lazyRouteComponent(() => import('./pages/DemoPage')) })
const noTenant = createRoute({ getParentRoute: () => root, path: '/no-tenant', component: lazyRouteComponent(() => import('./pages/NoTenantPage')) })

const tenant = createRoute({
  getParentRoute: () => root,
  path: '/t/$tenant',
  component: Shell,
  notFoundComponent: NotFound,
  beforeLoad: async ({ params, location }) => {
    const session = await signedIn(location.href)
    if (!session.tenants.some((one) => one.name === params.tenant)) throw noSuchTenant(params.tenant)
  },
})

function noSuchTenant(name: string): ApiError {
  return new ApiError({ type: '/problems/not_found', title: 'Not found', status: 404, code: 'not_found', detail: `There is no tenant “${name}” for this account.` })
}

const tenantHome = createRoute({
  getParentRoute: () => tenant,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ href: urls.overview(params.tenant) })
  },
})

const overview = createRoute({
  getParentRoute: () => tenant,
  path: '/overview',
  validateSearch: (raw: Record<string, unknown>): { span?: '7d' | '30d' } => (raw.span === '7d' || raw.span === '30d' ? { span: raw.span } : {}),
  component: lazyRouteComponent(() => import('./pages/OverviewPage')),
})

const events = createRoute({
  getParentRoute: () => tenant,
  path: '/events',
  validateSearch: (raw: Record<string, unknown>): EventSearch => eventSearch(raw),
  component: lazyRouteComponent(() => import('./pages/EventsPage')),
})

const entry = createRoute({
  getParentRoute: () => tenant,
  path: '/events/$id',
  validateSearch: (raw: Record<string, unknown>): Pick<EventSearch, 'part' | 'moment'> => {
    const { part, moment } = eventSearch(raw)
    return { ...(part && { part }), ...(moment && { moment }) }
  },
  loader: ({ params }) => queryClient.ensureQueryData(eventQuery(params.tenant, params.id)),
  component: lazyRouteComponent(() => import('./pages/EntryPage')),
  errorComponent: ({ error, reset: again }) => (
    <Failure error={error} retry={() => (again(), void router.invalidate())}>
      <ToTheList />
    </Failure>
  ),
})

function ToTheList() {
  const { tenant: name } = useParams({ strict: false })
  return (
    <Button component={Go} to={urls.events(name ?? '')} variant="default">
      {t('To the list')}
    </Button>
  )
}

const history = createRoute({
  getParentRoute: () => tenant,
  path: '/records/$type/$id',
  validateSearch: (raw: Record<string, unknown>): Pick<EventSearch, 'moment'> => {
    const { moment } = eventSearch(raw)
    return moment ? { moment } : {}
  },
  component: lazyRouteComponent(() => import('./pages/HistoryPage')),
})

const people = createRoute({
  getParentRoute: () => tenant,
  path: '/settings/people',
  loader: ({ params }) => queryClient.ensureQueryData(peopleQuery(params.tenant)),
  component: lazyRouteComponent(() => import('./pages/PeoplePage')),
})
const teams = createRoute({
  getParentRoute: () => tenant,
  path: '/settings/teams',
  loader: ({ params }) => Promise.all([queryClient.ensureQueryData(teamsQuery(params.tenant)), queryClient.ensureQueryData(peopleQuery(params.tenant))]),
  component: lazyRouteComponent(() => import('./pages/TeamsPage')),
})
const keys = createRoute({
  getParentRoute: () => tenant,
  path: '/settings/keys',
  loader: ({ params }) => queryClient.ensureQueryData(keysQuery(params.tenant)),
  component: lazyRouteComponent(() => import('./pages/KeysPage')),
})
const tenants = createRoute({
  getParentRoute: () => tenant,
  path: '/settings/tenants',
  loader: () => queryClient.ensureQueryData(tenantsQuery),
  component: lazyRouteComponent(() => import('./pages/TenantsPage')),
})
const general = createRoute({
  getParentRoute: () => tenant,
  path: '/settings/general',
  loader: ({ params }) => queryClient.ensureQueryData(settingsQuery(params.tenant)),
  component: lazyRouteComponent(() => import('./pages/GeneralPage')),
})
const account = createRoute({
  getParentRoute: () => tenant,
  path: '/account',
  loader: () => queryClient.ensureQueryData(ownSessionsQuery),
  component: lazyRouteComponent(() => import('./pages/AccountPage')),
})

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    setup,
    invitation,
    reset,
    demo,
    noTenant,
    tenant.addChildren([tenantHome, overview, events, entry, history, people, teams, keys, tenants, general, account]),
  ]),
  parseSearch: (text) => parseQuery(text.replace(/^\?/, '')),
  stringifySearch: queryText,
  // What a screen does not know does not reach it.
  search: { strict: true },
  defaultPreload: false,
  defaultPendingMs: 300,
  defaultPendingComponent: Waiting,
  // The router would put a style element and a script into the page for it.
  scrollRestoration: false,
  defaultErrorComponent: ({ error, reset: again }) => <Failure error={error} retry={() => (again(), void router.invalidate())} />,
  defaultNotFoundComponent: NotFound,
})

onSignedOut(async () => {
  if (router.state.location.pathname === '/sign-in') return
  // What is typed but not sent stays, with the question for the password over it.
  if (await signInHere()) return void queryClient.invalidateQueries()
  const here = router.state.location.href
  // The page that is left still shows the session; it is forgotten when nobody looks any more.
  void router.navigate({ href: urls.signIn(safeBack(here)) }).then(() => queryClient.clear())
})

/** After signing in or out nothing of another session may be shown. */
export async function entered(session: Awaited<ReturnType<typeof identity.signIn>>, back?: string): Promise<void> {
  queryClient.clear()
  queryClient.setQueryData(sessionQuery.queryKey, session)
  const first = session.tenants[0]
  await router.navigate({ href: safeBack(back) ?? (first ? urls.overview(first.name) : '/no-tenant'), replace: true })
}

export async function left(): Promise<void> {
  await router.navigate({ href: urls.signIn() })
  queryClient.clear()
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
