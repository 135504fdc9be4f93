// Pictures of every screen, wide and narrow, light and dark, empty and failing:
//   node screenshots.mjs [FOLDER]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, openPage, signIn, startDemo, startServer } from './annals.mjs'

const folder = process.argv[2] ?? 'screenshots'
mkdirSync(folder, { recursive: true })
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } }
const SCHEMES = ['light', 'dark']
const browser = await openBrowser()

async function each(visit) {
  for (const [size, viewport] of Object.entries(SIZES)) for (const colorScheme of SCHEMES) await visit({ viewport, colorScheme, reducedMotion: 'reduce' }, (name) => join(folder, `${name}-${size}-${colorScheme}.png`))
}

/** The screens as they are on most days, and on a bad one. */
async function lookAround() {
  const demo = await startDemo()
  try {
    const [event] = (await demo.ask('/v1/events?limit=1&q=action:customer.credit_limit.update')).events
    const target = event.targets[0]
    const screens = {
      overview: 'overview',
      'overview-30d': 'overview?span=30d',
      events: 'events',
      'events-filtered': 'events?q=outcome:failure+category:security&from=now-30d&split=severity',
      'events-table': 'events?chart=table',
      'events-wrong': 'events?q=acton:login',
      'events-no-range': 'events?from=garbage',
      'events-out-of-range': 'events?q=action:login&from=2001-01-01&to=2001-01-02',
      'events-excluded': 'events?q=severity:high+action:nothing',
      'events-entry': `events?q=changed:credit_limit&range=all&event=${event.display_id}`,
      entry: `events/${event.display_id}`,
      'entry-related': `events/${event.display_id}?part=related`,
      'entry-history': `events/${event.display_id}?part=history`,
      'entry-proof': `events/${event.display_id}?part=proof`,
      'entry-json': `events/${event.display_id}?part=json`,
      'entry-missing': 'events/LOG-2026-9999999',
      history: `records/${target.type}/${encodeURIComponent(target.id)}`,
      people: 'settings/people',
      teams: 'settings/teams',
      keys: 'settings/keys',
      tenants: 'settings/tenants',
      general: 'settings/general',
      account: 'account',
      missing: 'nothing',
    }
    const failing = ['overview', 'events', 'entry', 'people']
    await each(async (options, file) => {
      const { page, context } = await signIn(browser, demo, options)
      for (const [name, path] of Object.entries(screens)) {
        await page.goto(`${demo.url}/t/main/${path}`)
        await page.waitForLoadState('networkidle')
        if (name === 'entry-proof') {
          await page.getByRole('button', { name: 'Verify in this browser' }).click()
          await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
        }
        await page.screenshot({ path: file(name) })
      }
      await page.goto(`${demo.url}/t/main/events`)
      await page.waitForLoadState('networkidle')
      await page.keyboard.press('/')
      await page.keyboard.type('category:')
      await page.getByRole('option').first().waitFor()
      await page.screenshot({ path: file('events-completion') })
      await page.goto(`${demo.url}/t/main/overview`)
      await page.waitForLoadState('networkidle')
      await page.keyboard.press('Control+k')
      await page.getByRole('option').first().waitFor()
      await page.screenshot({ path: file('palette') })
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
      await page.screenshot({ path: file('keys-help') })
      await page.goto(`${demo.url}/docs/`)
      await page.waitForLoadState('networkidle')
      await page.screenshot({ path: file('docs') })
      // Twice as large, as browsers zoom: half the room.
      if (options.viewport === SIZES.wide) {
        await page.setViewportSize({ width: 720, height: 450 })
        for (const name of ['overview', 'events', 'entry', 'people']) {
          await page.goto(`${demo.url}/t/main/${screens[name]}`)
          await page.waitForLoadState('networkidle')
          await page.screenshot({ path: file(`${name}-zoomed`) })
        }
        await page.setViewportSize(SIZES.wide)
      }
      for (const [kind, answer] of Object.entries({ gone: (route) => route.abort('connectionrefused'), slow: () => undefined })) {
        await page.route(/\/v1\/(?!session|me|setup)/, answer)
        for (const name of failing) {
          await page.goto(`${demo.url}/t/main/${screens[name]}`)
          await page.waitForTimeout(kind === 'gone' ? 2500 : 1200)
          await page.screenshot({ path: file(`${name}-${kind}`) })
        }
        await page.unrouteAll({ behavior: 'ignoreErrors' })
      }
      await context.close()
      const { page: stranger, context: outside } = await openPage(browser, demo.url, options)
      for (const [name, path] of Object.entries({ 'sign-in': 'sign-in?back=%2Ft%2Fmain%2Fevents', invitation: 'invitation#wrongwrongwrong', reset: 'reset#wrongwrongwrong', 'demo-wrong': 'demo#wrongwrongwrong' })) {
        await stranger.goto(`${demo.url}/${path}`)
        await stranger.waitForLoadState('networkidle')
        await stranger.screenshot({ path: file(name) })
      }
      await outside.close()
    })
  } finally {
    await demo.stop()
  }
}

/** The first minutes, where nothing is there yet. */
async function begin() {
  const server = await startServer()
  try {
    await each(async (options, file) => {
      const { page, context } = await openPage(browser, server.url, options)
      await page.goto(server.link)
      if (await page.getByLabel('Organization').isVisible({ timeout: 2000 }).catch(() => false)) {
        await page.screenshot({ path: file('setup') })
      }
      await context.close()
    })
    const { page, context } = await openPage(browser, server.url)
    await page.goto(server.link)
    await page.getByLabel('Organization').fill('Acme')
    await page.getByLabel('Your name').fill('Ada Owner')
    await page.getByLabel('E-mail address').fill('ada@example.com')
    await page.getByLabel(/^Password/).fill('nine tall otters walk')
    await page.getByRole('button', { name: 'Create the owner and sign in' }).click()
    await page.waitForURL('**/t/main/overview')
    await page.reload()
    await page.getByText('No application has sent an event yet').waitFor()
    const state = await context.storageState()
    await each(async (options, file) => {
      const visit = await openPage(browser, server.url, { ...options, storageState: state })
      for (const [name, path] of Object.entries({ overview: 'overview', events: 'events', teams: 'settings/teams', keys: 'settings/keys' })) {
        await visit.page.goto(`${server.url}/t/main/${path}`)
        await visit.page.waitForTimeout(800)
        await visit.page.screenshot({ path: file(`${name}-empty`) })
      }
      await visit.context.close()
    })
    await context.close()
  } finally {
    await server.stop()
  }
}

try {
  await lookAround()
  await begin()
} finally {
  await browser.close()
}
