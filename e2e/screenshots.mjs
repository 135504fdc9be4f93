// Pictures of every screen, wide and narrow, light and dark: node screenshots.mjs [FOLDER]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, signIn, startDemo } from './annals.mjs'

const folder = process.argv[2] ?? 'screenshots'
mkdirSync(folder, { recursive: true })
const demo = await startDemo()
const browser = await openBrowser()
try {
  const [event] = (await demo.ask('/v1/events?limit=1&q=action:customer.credit_limit.update')).events
  const target = event.targets[0]
  const screens = {
    overview: 'overview',
    events: 'events',
    'events-filtered': 'events?q=outcome:failure+category:security&from=now-30d&split=severity',
    'events-entry': `events?q=changed:credit_limit&range=all&event=${event.display_id}`,
    'entry-related': `events/${event.display_id}?part=related`,
    'entry-proof': `events/${event.display_id}?part=proof`,
    history: `records/${target.type}/${encodeURIComponent(target.id)}`,
    people: 'settings/people',
    teams: 'settings/teams',
    keys: 'settings/keys',
    tenants: 'settings/tenants',
    general: 'settings/general',
    account: 'account',
  }
  for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } })) {
    for (const colorScheme of ['light', 'dark']) {
      const { page, context } = await signIn(browser, demo, { viewport, colorScheme })
      for (const [name, path] of Object.entries(screens)) {
        await page.goto(`${demo.url}/t/main/${path}`)
        await page.waitForLoadState('networkidle')
        if (name === 'entry-proof') {
          await page.getByRole('button', { name: 'Verify in this browser' }).click()
          await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
        }
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) })
      }
      await context.close()
    }
  }
} finally {
  await browser.close()
  await demo.stop()
}
