// What a person chooses and it stays, and the ways through the screens without a mouse or on a phone.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { goTo, openBrowser, openPage, readTotal, settle, signIn, startDemo } from '../annals.mjs'

let demo
let browser
let page
let context
let complaints
/** Somebody who may read and nothing else. */
let vicViewer

before(async () => {
  demo = await startDemo()
  browser = await openBrowser()
  ;({ page, context, complaints } = await signIn(browser, demo))
})

after(async () => {
  await browser?.close()
  await demo?.stop()
})

const go = (path) => goTo(page, demo.url + path)
const settled = (on = page) => settle(on)
const total = () => readTotal(page)
/** As for somebody who has chosen nothing for the table yet. */
const usual = () => page.evaluate(() => fetch('/v1/me/preferences', { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"columns":null,"widths":null,"density":null}' }))
const heads = () => page.getByRole('columnheader').allInnerTexts()

test('the printed link lands on the overview without another click, and asking for it changes nothing', async () => {
  const visit = await openPage(browser, demo.url)
  const asked = []
  visit.page.on('request', (request) => request.url().includes('/v1/session') && asked.push(request.method()))
  await visit.page.goto(demo.link)
  await visit.page.waitForURL('**/t/main/overview')
  await visit.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  // The token stands behind `#`, which no browser sends; the page puts it into a POST.
  assert.equal(asked[0], 'POST')
  assert.ok(!visit.page.url().includes('#'))
  await visit.context.close()
})

describe('time', () => {
  test('dragging over the bars narrows the range to them', async () => {
    await go('/t/main/events?from=now-30d')
    await settled()
    const before = await total()
    const box = await page.locator('.bars svg').boundingBox()
    await page.mouse.move(box.x + box.width * 0.4, box.y + 30)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, box.y + 30, { steps: 8 })
    await page.mouse.up()
    await page.waitForURL(/from=20\d\d.*to=20\d\d/)
    await settled()
    const { searchParams } = new URL(page.url())
    const days = (Date.parse(searchParams.get('to')) - Date.parse(searchParams.get('from'))) / 86_400_000
    assert.ok(days > 5 && days <= 8, `${days} days`)
    assert.ok((await total()) < before)
    const known = await demo.ask(`/v1/events?limit=1&from=${searchParams.get('from')}&to=${searchParams.get('to')}`)
    assert.equal(await total(), known.total)
  })

  test('a range is typed', async () => {
    await go('/t/main/events')
    await page.getByRole('button', { name: 'Past 7 days' }).click()
    await page.getByRole('textbox', { name: 'Date range' }).fill('past 4 h')
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=now-4h/)
  })

  test('the zone and the first day of the week are the person’s, on every screen', async () => {
    await go('/t/main/account')
    await page.getByRole('combobox', { name: 'Weeks begin on' }).click()
    await page.getByRole('option', { name: 'Sunday' }).click()
    const asked = page.waitForRequest(/\/v1\/summary/)
    await go('/t/main/overview')
    assert.equal(new URL((await asked).url()).searchParams.get('week_start'), 'sunday')
    await page.getByRole('button', { name: /^Time zone/ }).click()
    await page.getByRole('menuitem', { name: /Europe\/Berlin/ }).click()
    const again = page.waitForRequest(/\/v1\/summary/)
    await page.reload()
    assert.equal(new URL((await again).url()).searchParams.get('tz'), 'Europe/Berlin')
  })
})

describe('columns, density and theme', () => {
  test('stay with the person in another browser', async () => {
    await go('/t/main/events')
    await settled()
    await page.getByRole('button', { name: 'Columns and density' }).click()
    const menu = page.getByRole('dialog', { name: 'Columns and density' })
    await menu.getByRole('checkbox', { name: 'IP address' }).click()
    await menu.getByRole('checkbox', { name: 'Details' }).click()
    await menu.getByRole('button', { name: 'Make rows roomy' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Light or dark' }).click()
    await page.getByRole('menuitem', { name: 'Dark' }).click()
    await page.waitForLoadState('networkidle')
    const other = await signIn(browser, demo)
    await other.page.goto(`${demo.url}/t/main/events`)
    await settled(other.page)
    const shown = await other.page.getByRole('columnheader').allInnerTexts()
    assert.ok(shown.includes('IP address') && !shown.includes('Details'), shown.join())
    assert.equal((await other.page.locator('.rows .row').first().boundingBox()).height, 40)
    assert.equal(await other.page.evaluate(() => document.documentElement.dataset.mantineColorScheme), 'dark')
    await other.context.close()
    await page.getByRole('button', { name: 'Light or dark' }).click()
    await page.getByRole('menuitem', { name: 'Light', exact: true }).click()
  })

  test('two tabs keep each other’s choices', async () => {
    await go('/t/main/account')
    const other = await context.newPage()
    await other.goto(`${demo.url}/t/main/account`)
    const choose = async (tab, name, option) => {
      const saved = tab.waitForResponse((response) => response.url().endsWith('/v1/me/preferences') && response.ok())
      await tab.getByRole('combobox', { name }).click()
      await tab.getByRole('option', { name: option, exact: true }).click()
      await saved
    }
    await choose(page, 'Weeks begin on', 'Saturday')
    await choose(other, 'Rows of tables', 'Dense')
    await choose(page, 'Theme', 'Dark')
    await choose(other, 'Weeks begin on', 'Monday')
    // Both show what was chosen last, and stay there.
    const schemes = new Set()
    for (const tab of [page, other, page, other]) schemes.add(await tab.evaluate(() => document.documentElement.dataset.mantineColorScheme))
    assert.deepEqual([...schemes], ['dark'])
    await other.close()
    await page.reload()
    for (const [name, value] of [['Weeks begin on', 'Monday'], ['Rows of tables', 'Dense'], ['Theme', 'Dark']]) {
      await page.getByRole('combobox', { name }).waitFor()
      assert.equal(await page.getByRole('combobox', { name }).inputValue(), value, name)
    }
    await choose(page, 'Theme', 'Light')
  })

  test('a choice that is not saved is told and taken back', async () => {
    const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)
    const pick = async (name, option) => {
      await page.getByRole('combobox', { name }).click()
      await page.getByRole('option', { name: option }).click()
    }
    await go('/t/main/account')
    const before = await page.getByRole('combobox', { name: 'Theme' }).inputValue()
    assert.equal(await scheme(), 'light')
    const refuse = (route) => (route.request().method() === 'GET' ? route.continue() : route.fulfill({ status: 503, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify({ type: '/problems/storage', title: 'Refused', status: 503, code: 'storage', detail: 'The disk is full.' }) }))
    await page.route('**/v1/me/preferences', refuse)
    await page.getByRole('button', { name: 'Light or dark' }).click()
    await page.getByRole('menuitem', { name: 'Dark' }).click()
    const note = page.getByRole('alert').filter({ hasText: 'Your choice was not saved.' })
    await note.getByText('The disk is full.').waitFor()
    await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'light')
    assert.equal(await page.getByRole('combobox', { name: 'Theme' }).inputValue(), before)
    await note.getByRole('button', { name: 'Close' }).click()
    await pick('Theme', 'Dark')
    await note.waitFor()
    await page.reload()
    await page.getByRole('combobox', { name: 'Theme' }).waitFor()
    assert.equal(await scheme(), 'light')
    // Without any network it is told as well, and told no more once a choice was saved.
    await page.unroute('**/v1/me/preferences')
    await page.route('**/v1/me/preferences', (route) => route.abort('connectionrefused'))
    await pick('Rows of tables', 'Roomy')
    await note.getByText('Annals does not answer.').waitFor()
    await page.waitForFunction((label) => [...document.querySelectorAll('input')].some((one) => one.labels?.[0]?.textContent === label && one.value === 'Dense'), 'Rows of tables')
    await page.unroute('**/v1/me/preferences')
    await pick('Weeks begin on', 'Sunday')
    await note.waitFor({ state: 'detached' })
    // The zone is also the account's, which is another request.
    const zone = page.getByRole('combobox', { name: 'Time zone' })
    const known = await zone.inputValue()
    const pickZone = async (name) => {
      await zone.fill(name)
      await page.getByRole('option', { name }).click()
    }
    await page.route('**/v1/me', refuse)
    await pickZone('Europe/Paris')
    await note.getByText('The disk is full.').waitFor()
    await page.waitForFunction((known) => [...document.querySelectorAll('input')].some((one) => one.value === known), known)
    await page.unroute('**/v1/me')
    const saved = () => page.waitForResponse((response) => response.url().endsWith('/v1/me/preferences') && response.ok())
    await Promise.all([saved(), pickZone('Europe/Paris')])
    await page.reload()
    await zone.waitFor()
    assert.equal(await zone.inputValue(), 'Europe/Paris')
    assert.equal((await page.evaluate(() => fetch('/v1/me').then((answer) => answer.json()))).time_zone, 'Europe/Paris')
    await Promise.all([saved(), pickZone(known)])
  })

  test('the order and the widths of columns stay after a reload, and in a second tab', async () => {
    await usual()
    await go('/t/main/events')
    await settled()
    const kept = () => page.waitForResponse((response) => response.url().endsWith('/v1/me/preferences') && response.ok())
    const width = async (tab, name) => Math.round((await tab.getByRole('columnheader', { name }).boundingBox()).width)
    const grip = (name) => page.getByRole('separator', { name: `Width of ${name}` })
    const drag = async (name, by) => {
      const box = await grip(name).boundingBox()
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
      await page.mouse.move(x, y)
      await page.mouse.down()
      await page.mouse.move(x + by / 2, y)
      await page.mouse.move(x + by, y)
      await page.mouse.up()
    }
    // The one that takes what is left begins at the width it has.
    for (const [name, by] of [['User', 50], ['Details', -40]]) {
      const before = await width(page, name)
      await Promise.all([kept(), drag(name, by)])
      assert.equal(await width(page, name), before + by, name)
    }
    await page.getByRole('button', { name: 'Columns and density' }).click()
    await Promise.all([kept(), page.getByRole('button', { name: 'Move User to the left' }).click()])
    await page.keyboard.press('Escape')
    const names = ['User', 'Time', 'Action', 'Entity', 'Details', 'Outcome']
    const shown = { names, widths: await Promise.all(names.map((name) => width(page, name))) }
    const seen = async (tab) => ({ names: (await tab.getByRole('columnheader').allInnerTexts()).map((one) => one.trim()), widths: await Promise.all(names.map((name) => width(tab, name))) })
    await page.reload()
    await settled()
    assert.deepEqual(await seen(page), shown)
    const other = await context.newPage()
    await goTo(other, `${demo.url}/t/main/events`)
    await settled(other)
    assert.deepEqual(await seen(other), shown)
    // What the other tab chooses is here once one looks here again.
    await Promise.all([other.waitForResponse((response) => response.url().endsWith('/v1/me/preferences') && response.ok()), other.getByRole('separator', { name: 'Width of Entity' }).press('ArrowRight')])
    const wider = await width(other, 'Entity')
    await other.close()
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await page.waitForFunction((wider) => Math.round([...document.querySelectorAll('[role=columnheader]')].find((one) => one.textContent.startsWith('Entity')).getBoundingClientRect().width) === wider, wider)
    // A double click, and the button for all of them, give the usual widths again.
    await Promise.all([kept(), grip('User').dblclick()])
    assert.equal(await width(page, 'User'), 170)
    await page.getByRole('button', { name: 'Columns and density' }).click()
    await Promise.all([kept(), page.getByRole('button', { name: 'The usual columns' }).click()])
    await page.keyboard.press('Escape')
    await page.waitForLoadState('networkidle')
    await page.reload()
    await settled()
    assert.equal(await width(page, 'Entity'), 220)
    assert.deepEqual((await seen(page)).names, ['Time', 'User', 'Action', 'Entity', 'Details', 'Outcome'])
  })

  test('columns of an address are those of the address', async () => {
    await go('/t/main/events?columns=time,severity,record')
    await settled()
    assert.deepEqual((await heads()).map((words) => words.trim()), ['Time', 'Severity', 'Record id'])
  })
})

describe('searches', () => {
  test('one is shared with the tenant, one is not', async () => {
    await go('/t/main/events?q=severity:critical')
    for (const [name, shared] of [['Everybody’s', true], ['Mine', false]]) {
      await page.getByRole('button', { name: 'Saved', exact: true }).click()
      await page.getByRole('menuitem', { name: /Save this search/ }).click()
      const dialog = page.getByRole('dialog', { name: 'Save this search' })
      await dialog.getByLabel('Name').fill(name)
      if (shared) await dialog.getByRole('switch', { name: /^Shared/ }).click()
      await dialog.getByRole('button', { name: 'Save the search' }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    await page.goto(`${demo.url}/t/main/settings/people`)
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('E-mail address').fill('vic@example.com')
    await page.getByRole('button', { name: 'Make the invitation' }).click()
    const link = await page.locator('.secret code').innerText()
    await page.getByRole('button', { name: 'I have it' }).click()
    const vic = await openPage(browser, demo.url)
    await vic.page.goto(link)
    await vic.page.getByLabel('Your name').fill('Vic Viewer')
    await vic.page.getByLabel(/^Password/).fill('nine tall otters walk')
    await vic.page.getByRole('button', { name: 'Join' }).click()
    await vic.page.waitForURL('**/t/main/overview')
    await vic.page.goto(`${demo.url}/t/main/events`)
    await vic.page.getByRole('button', { name: 'Saved', exact: true }).click()
    await vic.page.getByRole('menuitem', { name: 'Everybody’s' }).waitFor()
    assert.equal(await vic.page.getByRole('menuitem', { name: 'Mine' }).count(), 0)
    vicViewer = vic
  })
})

describe('entities and action types', () => {
  test('an entity is pinned and then offered first', async () => {
    await go('/t/main/events?range=all')
    const values = page.locator('.facets').getByRole('list', { name: 'Entity' }).locator('.value-row')
    await values.nth(3).waitFor()
    const last = await values.nth(3).getAttribute('title')
    await go('/t/main/settings/general')
    await page.getByRole('combobox', { name: 'Pinned entities' }).fill(last)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.getByText('Saved.').waitFor()
    await go('/t/main/events?range=all')
    await page.waitForFunction((name) => document.querySelector('.facets [aria-label=Entity] .value-row')?.title === name, last)
  })

  test('one that is rare is pinned as well, in the order of the pins and for every role, until it is unpinned', async () => {
    await demo.ask('/v1/events', { action: 'rarity.create', actor: { id: 'u-1' }, targets: [{ type: 'rarity', id: 'R-1' }] })
    const choosePins = async (names) => {
      await go('/t/main/settings/general')
      const box = page.getByRole('combobox', { name: 'Pinned entities' })
      await box.press('Backspace')
      await box.press('Backspace')
      for (const name of names) {
        await box.fill(name)
        await page.keyboard.press('Enter')
      }
      await page.keyboard.press('Tab')
      await page.getByRole('button', { name: 'Save the settings' }).click()
      await page.getByText('Saved.').waitFor()
    }
    const offered = async (tab) => {
      await goTo(tab, `${demo.url}/t/main/events`)
      await tab.locator('.facets [aria-label=Entity] .value-row').nth(3).waitFor()
      await tab.waitForLoadState('networkidle')
      return tab.locator('.facets [aria-label=Entity] .value-row').evaluateAll((rows) => rows.map((row) => row.title))
    }
    await choosePins(['rarity', 'invoice'])
    assert.deepEqual((await offered(page)).slice(0, 2), ['rarity', 'invoice'])
    assert.equal((await offered(page)).length, 6)
    await page.getByRole('button', { name: /^Entity/ }).first().click()
    await page.locator('.filter-menu .value-row').first().click()
    await page.waitForURL(/q=target.type%3Ararity/)
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.querySelector('.total').textContent === '1 event')
    await vicViewer.page.reload()
    assert.deepEqual((await offered(vicViewer.page)).slice(0, 2), ['rarity', 'invoice'])
    await choosePins([])
    assert.ok(!(await offered(page)).includes('rarity'))
  })

  test('changed settings are an action type', async () => {
    await demo.ask('/v1/events', { action: 'settings.update', actor: { id: 'u-1' }, message: 'a setting was changed' })
    await go('/t/main/events?q=activity:configure&from=now-1d&columns=time,details')
    await page.getByText('a setting was changed').waitFor()
    await page.locator('.chip').getByText('Change settings').waitFor()
  })
})

describe('the overview', () => {
  test('leads to all logs, and its export holds what it shows', async () => {
    await go('/t/main/overview')
    await page.locator('.shares li a').first().waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export what is shown' }).click()])
    const text = await readFile(await download.path(), 'utf8')
    for (const words of await page.locator('.shares li a').allInnerTexts()) assert.ok(text.includes(words), words)
    assert.ok(text.includes('Storage used'))
    await page.getByRole('link', { name: 'View all logs' }).click()
    await page.waitForURL('**/t/main/events')
  })
})

describe('by keyboard alone', () => {
  test('from sign-in to a proven event', async () => {
    await page.goto(`${demo.url}/t/main/overview`)
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page')
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
    await page.keyboard.type('Events')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/t/main/events')
    await settled()
    await page.keyboard.press('/')
    await page.keyboard.type('changed:credit_limit')
    await page.keyboard.press('Enter')
    await page.waitForURL(/q=changed/)
    await settled()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('o')
    await page.waitForURL(/event=LOG/)
    // Whatever has the focus shows it.
    await page.getByRole('tab', { name: 'Summary' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tab', { name: 'Proof', selected: true }).waitFor()
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)
    assert.notEqual(outline, 'none')
    await page.getByRole('button', { name: 'Verify in this browser' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('event'))
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys and marks' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('columns are chosen and moved, and a saved search is deleted, without losing the focus', async () => {
    await usual()
    await go('/t/main/events?q=severity:low')
    await settled()
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.closest('label')?.textContent.trim() ?? document.activeElement.textContent.trim())
    const tabTo = async (name) => {
      for (let tabs = 0; tabs < 60 && (await focused()) !== name; tabs += 1) await page.keyboard.press('Tab')
      assert.equal(await focused(), name)
    }
    await page.getByRole('button', { name: 'Columns and density' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Columns and density' }).waitFor()
    for (const [name, key, shown] of [
      ['Severity', 'Space', ['Time', 'User', 'Action', 'Entity', 'Details', 'Outcome', 'Severity']],
      ['Severity', 'Space', ['Time', 'User', 'Action', 'Entity', 'Details', 'Outcome']],
      ['Move Action to the left', 'Enter', ['Time', 'Action', 'User', 'Entity', 'Details', 'Outcome']],
      ['Move Action to the left', 'Enter', ['Action', 'Time', 'User', 'Entity', 'Details', 'Outcome']],
      // It is the first one: nothing is left to do.
      ['Move Action to the left', 'Enter', ['Action', 'Time', 'User', 'Entity', 'Details', 'Outcome']],
      ['Details', 'Space', ['Action', 'Time', 'User', 'Entity', 'Outcome']],
      ['Details', 'Space', ['Action', 'Time', 'User', 'Entity', 'Outcome', 'Details']],
      ['The usual columns', 'Enter', ['Time', 'User', 'Action', 'Entity', 'Details', 'Outcome']],
    ]) {
      await tabTo(name)
      await page.keyboard.press(key)
      await page.waitForFunction((shown) => [...document.querySelectorAll('[role=columnheader]')].map((head) => head.textContent.trim()).join() === shown, shown.join())
      assert.equal(await focused(), name)
    }
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Columns and density')
    for (const name of ['To keep', 'To delete']) {
      await page.getByRole('button', { name: 'Saved', exact: true }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menu').waitFor()
      await page.keyboard.press('ArrowUp')
      await page.getByRole('menuitem', { name: /^Save this/ }).press('Enter')
      await page.getByRole('textbox', { name: 'Name' }).fill(name)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await page.getByRole('button', { name: 'Saved', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement.closest('[role=menu]'))
    await tabTo('Delete To delete')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'To delete' }).waitFor({ state: 'detached' })
    // The menu has it, and its keys go on.
    await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'menu')
    await page.keyboard.press('ArrowDown')
    assert.notEqual(await page.evaluate(() => document.activeElement.getAttribute('role')), 'menu')
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.activeElement.textContent.trim() === 'Saved')
  })

  test('every part of the page is reached by Tab, and nothing holds the focus', async () => {
    for (const screen of ['overview', 'events', 'settings/people', 'account']) {
      await page.goto(`${demo.url}/t/main/${screen}`)
      await page.waitForLoadState('networkidle')
      const missed = await page.evaluate(() => {
        const all = [...document.querySelectorAll('main a[href], main button:not([disabled]), main input:not([type=hidden])')].filter((one) => one.tabIndex >= 0 && one.offsetParent !== null && !one.closest('[aria-hidden=true]'))
        return { all: all.length }
      })
      const reached = new Set()
      for (let step = 0; step < missed.all + 60; step += 1) {
        await page.keyboard.press('Tab')
        reached.add(await page.evaluate(() => ((window.tabs ??= new Map()), window.tabs.has(document.activeElement) || window.tabs.set(document.activeElement, window.tabs.size), window.tabs.get(document.activeElement))))
        if (screen === 'events' && step > 60) break
      }
      assert.ok(reached.size > Math.min(50, missed.all * 0.9), `${screen}: ${reached.size} of ${missed.all}`)
    }
  })
})

describe('on a phone, in the dark, without motion', () => {
  test('a person finds an event, reads and proves it', async () => {
    const { page: phone, context: own, complaints: found } = await signIn(browser, demo, { viewport: { width: 390, height: 844 }, colorScheme: 'dark', reducedMotion: 'reduce', hasTouch: true, isMobile: true })
    await phone.getByRole('button', { name: 'Navigation' }).tap()
    await phone.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Events' }).tap()
    await phone.waitForURL('**/t/main/events')
    await settled(phone)
    const row = phone.locator('.rows [role=row] a').first()
    await row.tap()
    await phone.waitForURL(/event=LOG/)
    await phone.getByRole('tab', { name: 'Proof' }).tap()
    await phone.getByRole('button', { name: 'Verify in this browser' }).tap()
    await phone.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    const moving = await phone.evaluate(() => [...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).animationDuration) > 0 && getComputedStyle(one).animationName !== 'none').length)
    assert.equal(moving, 0)
    await phone.getByRole('button', { name: 'Close' }).first().tap()
    // What can be tapped is large enough for a finger (WCAG 2.2: 24 px).
    const small = await phone.evaluate(() => [...document.querySelectorAll('main button, header button')].filter((one) => one.offsetParent && (one.getBoundingClientRect().width < 24 || one.getBoundingClientRect().height < 24)).map((one) => one.outerHTML.slice(0, 120)))
    assert.deepEqual(small, [])
    await phone.goto(`${demo.url}/docs`)
    await phone.getByText('/v1/events', { exact: true }).first().waitFor()
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(wide <= 0, `the API reference is ${wide} px wider than the window`)
    assert.deepEqual(found, [])
    await own.close()
  })
})

test('the browser had nothing to complain about', async () => {
  assert.deepEqual(complaints, [])
  await context.close()
})
