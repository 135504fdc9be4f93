// What a screen says is what is so, and nothing that was typed, proven or focused gets lost.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { goTo, number, openBrowser, openPage, readTotal, settle, signIn, startDemo } from '../annals.mjs'

let demo
let browser
let page
let complaints

before(async () => {
  demo = await startDemo()
  browser = await openBrowser()
  ;({ page, complaints } = await signIn(browser, demo))
})

after(async () => {
  await browser?.close()
  await demo?.stop()
})

const go = (path) => goTo(page, demo.url + path)
const settled = () => settle(page)
const total = () => readTotal(page)
const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '')
const box = () => page.getByRole('combobox', { name: 'Search events' })
/** Waits until what has the focus is called so. */
const focusOn = async (name) => {
  for (let tries = 0; tries < 40; tries += 1) {
    if (name.test(await focused())) return
    await page.waitForTimeout(50)
  }
  assert.match(await focused(), name)
}

describe('every bar leads to the events it counts', () => {
  const screens = [
    ['overview', 'overview', 90],
    ['overview over 7 days', 'overview?span=7d', 160],
    ['overview over 30 days', 'overview?span=30d', 30],
    ['events of 30 days', 'events?from=now-30d&chart=table', 30],
    ['events between two moments', 'events?from=2026-01-01T10:20:30Z&chart=table', 1],
    ['all events', 'events?range=all&chart=table', 30],
  ]
  for (const [name, path, least] of screens) {
    test(name, async () => {
      // Events that come in late, for a time already counted, are left out of what is compared.
      let asOf
      await page.route('**/v1/events/histogram?*', async (route) => {
        const response = await route.fetch()
        const counted = await response.json()
        asOf = counted.as_of
        await route.fulfill({ response, json: counted })
      })
      await go(`/t/main/${path}`)
      const rows = page.locator('.bars-table tbody tr')
      if (path.startsWith('overview')) {
        await page.getByRole('img', { name: /: [1-9][\d,.]* events in/ }).waitFor()
        await page.keyboard.press('v')
      }
      await rows.first().waitFor()
      const bars = await rows.count()
      assert.ok(bars >= least && bars <= 181, `${bars} bars`)
      for (const place of [...new Set([0, 1, Math.floor(bars / 2), bars - 1])].filter((one) => one < bars)) {
        const cells = await rows.nth(place).getByRole('cell').allInnerTexts()
        const [here, countedOf] = [page.url(), asOf]
        await rows.nth(place).getByRole('button').click()
        await page.waitForURL(/from=2.*to=2/)
        const { searchParams } = new URL(page.url())
        const known = await demo.ask(`/v1/events?limit=1&${new URLSearchParams({ from: searchParams.get('from'), to: searchParams.get('to'), q: `sequence:<${countedOf}` })}`)
        assert.equal(known.total, number(cells[2]), `bar ${place} of ${bars}: ${cells}`)
        await page.goto(here)
        if (path.startsWith('overview')) {
          await page.getByRole('img', { name: /: [1-9][\d,.]* events in/ }).waitFor()
          await page.keyboard.press('v')
        }
        await rows.nth(bars - 1).waitFor()
      }
      await page.unrouteAll({ behavior: 'ignoreErrors' })
    })
  }
})

describe('a chart that cannot be counted', () => {
  for (const [name, path] of [['events', 'events'], ['all events', 'events?range=all'], ['the overview', 'overview']]) {
    test(`says so and is counted again: ${name}`, async () => {
      await page.route('**/v1/events/histogram?*', (route) => route.fulfill({ status: 500, body: 'no' }))
      await go(`/t/main/${path}`)
      await page.getByText('Not counted', { exact: true }).first().waitFor()
      assert.equal(await page.getByRole('img', { name: /events in 0 bars/ }).count(), 0)
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await page.getByRole('button', { name: 'Count again' }).click()
      await page.getByRole('img', { name: /: [1-9][\d,.]* events in/ }).waitFor()
    })
  }
})

describe('what is typed and not run yet', () => {
  test('is marked, and counts when a filter is clicked', async () => {
    await go('/t/main/events?q=activity:login')
    await settled()
    await box().fill('activity:login outcome:failure')
    await page.getByRole('button', { name: /Not run yet/ }).waitFor()
    const facet = page.getByRole('list', { name: 'Category' }).getByRole('button', { name: /^Security/ })
    await facet.click()
    await page.waitForURL(/outcome%3Afailure.*category%3Asecurity/)
    assert.equal(await box().inputValue(), 'activity:login outcome:failure category:security')
    assert.equal(await page.getByRole('button', { name: /Not run yet/ }).count(), 0)
    await settled()
    const known = await demo.ask('/v1/events?limit=1&from=now-7d&q=activity:login+outcome:failure+category:security')
    assert.equal(await total(), known.total)
  })

  test('stays where it cannot be read, and is marked there', async () => {
    await go('/t/main/events')
    await settled()
    await box().fill('acton:login')
    await page.getByRole('list', { name: 'Outcome' }).getByRole('button', { name: /^Failure/ }).click()
    await page.getByText('No field is called').waitFor()
    assert.equal(await box().inputValue(), 'acton:login outcome:failure')
  })

  test('stays when a term is taken away, and a search that was emptied is emptied', async () => {
    await go('/t/main/events?q=activity:login+outcome:failure')
    await settled()
    await box().fill('activity:login outcome:failure severity:high')
    await page.getByRole('button', { name: 'Remove activity:login' }).click()
    await page.waitForURL(/q=outcome%3Afailure(\+|%20)severity%3Ahigh/)
    await box().fill('')
    await page.getByRole('button', { name: 'Remove severity:high' }).click()
    await page.waitForFunction(() => !location.search.includes('q='))
    assert.equal(await box().inputValue(), '')
  })
})

describe('the focus goes back', () => {
  test('from the palette, to what had it', async () => {
    await go('/t/main/overview')
    for (const [name, key] of [['Search and commands', 'Enter'], ['View all logs', 'Control+k']]) {
      await page.getByRole(name === 'View all logs' ? 'link' : 'button', { name }).focus()
      await page.keyboard.press(key)
      const typed = page.getByRole('combobox', { name: /^Go to a screen/ })
      await typed.fill('over')
      // Once it holds the focus itself.
      await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'combobox')
      await page.keyboard.press('Escape')
      await typed.waitFor({ state: 'detached' })
      await focusOn(new RegExp(name))
    }
  })

  test('from a dialog that a menu opened, and from one that followed another', async () => {
    await go('/t/main/events')
    await settled()
    await page.getByRole('button', { name: 'Saved', exact: true }).click()
    await page.getByRole('menuitem', { name: /Save this search/ }).click()
    await page.getByRole('dialog', { name: 'Save this search' }).waitFor()
    await page.waitForTimeout(300)
    await page.keyboard.press('Escape')
    await focusOn(/^Saved$/)
    await go('/t/main/settings/people')
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('E-mail address').fill('focus@example.com')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await focusOn(/^Invite a person$/)
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('E-mail address').fill('focus@example.com')
    await page.getByRole('button', { name: 'Make the invitation' }).click()
    await page.getByRole('button', { name: 'I have it' }).click()
    await focusOn(/^Invite a person$/)
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitem', { name: /Keys and marks/ }).click()
    await page.getByRole('dialog', { name: 'Keys and marks' }).waitFor()
    await page.waitForTimeout(300)
    await page.keyboard.press('Escape')
    await focusOn(/^Account of/)
  })

  test('from the panel of an event to its row', async () => {
    await go('/t/main/events')
    await settled()
    await page.locator('.rows [role=row] a').nth(2).click()
    const id = await page.locator('.panel h2').first().innerText()
    await page.locator('.panel').getByRole('button', { name: 'Close', exact: true }).click()
    await focusOn(new RegExp(`^${id}`))
    await page.goto(`${demo.url}/t/main/events?event=LOG-2026-9999999`)
    await settled()
    await page.locator('.panel').getByRole('button', { name: 'Close', exact: true }).click()
    await page.waitForFunction(() => document.activeElement?.classList.contains('table-scroll'))
  })
})

describe('a form', () => {
  test('with something typed needs a second Esc', async () => {
    await go('/t/main/settings/keys')
    const dialog = page.getByRole('dialog', { name: 'Create a key' })
    const open = async () => {
      await page.getByRole('button', { name: 'Create a key' }).click()
      await dialog.getByLabel('Name').waitFor()
    }
    await open()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await open()
    await dialog.getByLabel('Name').fill('Billing')
    await page.keyboard.press('Escape')
    await dialog.getByText('Esc once more throws it away').waitFor()
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'Billing')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
})

describe('a saved search', () => {
  const save = async (name, submit) => {
    await page.getByRole('button', { name: 'Saved', exact: true }).click()
    await page.getByRole('menuitem', { name: /Save this search/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Save this search' })
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByRole('button', { name: submit }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  test('is replaced under the same name, and renamed', async () => {
    await go('/t/main/events?q=outcome:failure')
    await settled()
    await save('Nightly', 'Save the search')
    await go('/t/main/events?q=outcome:denied')
    await settled()
    await save(' nightly ', 'Replace the saved search')
    await page.getByRole('button', { name: 'Saved', exact: true }).click()
    const lines = page.getByRole('menuitem', { name: /nightly/i })
    await lines.first().waitFor()
    assert.equal(await lines.count(), 1)
    await page.getByRole('button', { name: 'Rename nightly' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rename nightly' })
    await dialog.getByLabel('Name').fill('Denied')
    await dialog.getByRole('button', { name: 'Rename the search' }).click()
    await dialog.waitFor({ state: 'detached' })
    await go('/t/main/events')
    await settled()
    await page.getByRole('button', { name: 'Saved', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Denied' }).click()
    await page.waitForURL(/q=outcome%3Adenied/)
  })
})

describe('a proof', () => {
  const STRANGER = 'acme/main+584a66a9+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4'
  const pinned = () => page.evaluate(() => localStorage.getItem('annals.vkey.main'))

  test('a key that did not sign the log is not pinned', async () => {
    const vkey = (await fetch(`${demo.url}/log/main/vkey`, { headers: { Authorization: `Bearer ${demo.key}` } }).then((answer) => answer.text())).trim()
    await go('/t/main/events/LOG-2026-0000100?part=proof')
    const use = async (key) => {
      await page.getByLabel('Verifier key from elsewhere').fill(key)
      await page.getByRole('button', { name: 'Pin and verify' }).click()
    }
    await use(STRANGER)
    await page.getByText('This key did not sign this log and was not pinned.').waitFor()
    assert.equal(await pinned(), null)
    await use(vkey)
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    assert.equal(await pinned(), vkey)
    await use(STRANGER)
    await page.getByText('This key did not sign this log; the pinned one stays.').waitFor()
    assert.equal(await pinned(), vkey)
    assert.equal(await page.getByText('The server shows another key').count(), 0)
  })

  test('its verdict and a pasted checkpoint stay while the event is open', async () => {
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    await page.getByRole('textbox', { name: 'Checkpoint from elsewhere' }).fill('half a checkpoint')
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor({ state: 'hidden' })
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    assert.equal(await page.getByRole('textbox', { name: 'Checkpoint from elsewhere' }).inputValue(), 'half a checkpoint')
    await page.getByRole('button', { name: 'After it in the ledger' }).click()
    await page.waitForURL(/\/events\/101/)
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByRole('button', { name: 'Verify in this browser' }).waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Proven', exact: true }).count(), 0)
  })
})

describe('one event as a page', () => {
  test('an event of Annals is found in the list', async () => {
    const [event] = (await demo.ask('/v1/events?limit=1&q=kind:own&own=include')).events
    await go(`/t/main/events/${event.display_id}`)
    await page.getByRole('link', { name: `All events with ${event.action}` }).click()
    await settled()
    assert.ok((await total()) > 0)
    await go(`/t/main/events/${event.display_id}`)
    await page.getByRole('link', { name: 'In the list' }).click()
    await page.locator('.rows .row-open').waitFor()
  })

  test('nothing is after the newest one', async () => {
    const [event] = (await demo.ask('/v1/events?limit=1')).events
    const answered = (size) => async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...(await response.json()), as_of: size } })
    }
    await page.route('**/v1/events?*', answered(event.sequence + 1))
    await go(`/t/main/events/${event.display_id}`)
    await page.getByRole('button', { name: 'After it in the ledger', disabled: true }).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.route('**/v1/events?*', answered(event.sequence + 2))
    await go(`/t/main/events/${event.display_id}`)
    await page.getByRole('button', { name: 'After it in the ledger', disabled: false }).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })

  test('one that is not there leads to the list', async () => {
    await page.goto(`${demo.url}/t/main/events/LOG-2026-9999999`)
    await page.getByRole('link', { name: 'To the list' }).click()
    await settled()
  })

  test('a type that the name says is not said again', async () => {
    const [event] = (await demo.ask('/v1/events?limit=1&q=target.type:quote')).events
    await go(`/t/main/events/${event.display_id}`)
    const line = await page.locator('.line').filter({ has: page.getByText('Entity', { exact: true }) }).first().innerText()
    assert.equal(line.match(/quote/gi).length, 1, line)
    assert.equal(line.split(event.targets[0].id).length - 1, 1, line)
  })
})

describe('times', () => {
  test('later than now is nothing, earlier than today is yesterday', async () => {
    await go('/t/main/events?from=today')
    await page.getByRole('button', { name: 'Later', disabled: true }).waitFor()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.waitForURL(/from=(\d{4}-\d\d-\d\d)&to=\1/)
    await page.getByRole('button', { name: 'Later', disabled: false }).waitFor()
  })

  test('a clock time behind “to” is of the day before it; a range that ends before it begins is told so', async () => {
    await page.locator('.range-button').click()
    const typed = page.getByRole('textbox', { name: 'Date range' })
    await typed.fill('22 Jan to 15 Jan')
    await page.getByText('This range ends before it begins').waitFor()
    await typed.fill('2026-01-15 10:00 to 11:30')
    await page.keyboard.press('Enter')
    // Whatever zone the account has.
    await page.waitForURL(/from=2026-01-15T/)
    const { searchParams } = new URL(page.url())
    assert.equal(Date.parse(searchParams.get('to')) - Date.parse(searchParams.get('from')), 90 * 60_000)
  })

  test('a zone is found by the name of today and taken with Enter', async () => {
    for (const [text, zone] of [['Kyiv', 'Europe/Kyiv'], ['Tok', 'Asia/Tokyo'], ['Ho_Chi', 'Asia/Ho_Chi_Minh']]) {
      await page.getByRole('button', { name: /^Time zone/ }).click()
      await page.getByRole('menuitem', { name: 'Another time zone …' }).click()
      await page.getByRole('combobox', { name: 'Another time zone' }).fill(text)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: `Time zone ${zone}` }).waitFor()
      await page.keyboard.press('Escape')
    }
  })

  test('the two runs of an hour that comes twice are told apart in the rows', async () => {
    for (const occurred_at of ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z']) await demo.ask('/v1/events', { action: 'clock.doubled', occurred_at, actor: { id: 'e2e', name: 'End To End' } })
    await page.getByRole('button', { name: /^Time zone/ }).click()
    // The next page load shows what the account has by then.
    const kept = page.waitForResponse((response) => response.url().endsWith('/v1/me/preferences') && response.request().postData()?.includes('Europe/Berlin') && response.ok())
    await page.getByRole('menuitem', { name: /Europe\/Berlin/ }).click()
    await kept
    await go('/t/main/events?q=action:clock.doubled&range=all&order=asc')
    await settled()
    const times = page.locator('.rows [role=row] time')
    await times.nth(1).waitFor()
    assert.deepEqual(await times.allInnerTexts(), ['25 Oct 02:30:00 +02', '25 Oct 02:30:00 +01'])
    // Not cut off.
    assert.deepEqual(await page.locator('.rows .row-link').evaluateAll((links) => links.filter((link) => link.scrollWidth > link.clientWidth).length), 0)
    await go('/t/main/events?q=action:clock.doubled&from=2026-10-25T00:00:00Z&to=2026-10-25T02:00:00Z')
    await page.locator('.bars .tick').filter({ hasText: ':' }).first().waitFor()
    const ticks = (await page.locator('.bars .tick').allTextContents()).filter((text) => text.includes(':'))
    assert.ok(ticks.length > 3 && ticks.every((text) => /^02:\d\d \+0[12]$/.test(text)), ticks.join())
    assert.equal(new Set(ticks).size, ticks.length, ticks.join())
  })
})

describe('a browser whose clock is wrong', () => {
  for (const [name, off] of [['an hour behind', -3_600_000], ['an hour ahead', 3_600_000]]) {
    test(`shows what is now, as the server says it: ${name}`, async () => {
      const visit = await openPage(browser, demo.url)
      await visit.context.addInitScript((off) => {
        const Real = Date
        window.Date = class extends Real {
          constructor(...parts) {
            if (parts.length) super(...parts)
            else super(Real.now() + off)
          }
          static now() {
            return Real.now() + off
          }
        }
      }, off)
      await visit.page.goto(demo.link)
      await visit.page.waitForURL('**/t/main/overview')
      const action = `clock.${off < 0 ? 'behind' : 'ahead'}`
      await demo.ask('/v1/events', { action, actor: { id: 'e2e', name: 'End To End' }, message: 'it happens now' })
      await goTo(visit.page, `${demo.url}/t/main/events?q=action:${action}&from=now-1h&live=1`)
      await visit.page.getByText('it happens now').waitFor()
      await visit.page.getByRole('img', { name: /: 1 events in 6[01] bars/ }).waitFor()
      // Also what comes while one follows, and how long ago it was.
      await demo.ask('/v1/events', { action, actor: { id: 'e2e', name: 'End To End' }, message: 'and this a little later' })
      await visit.page.getByText('and this a little later').waitFor()
      await visit.page.getByRole('img', { name: /: 2 events in 6[01] bars/ }).waitFor()
      await visit.page.setViewportSize({ width: 390, height: 844 })
      const ago = visit.page.locator('.rows time').first()
      await ago.waitFor()
      assert.match(await ago.innerText(), /^now$|sec|^1 min/)
      assert.deepEqual(visit.complaints, [])
      await visit.context.close()
    })
  }
})

test('a number of any length reads the same in the list, among what comes live, and in the panel', async () => {
  const post = async (old, next) => {
    const body = `{"action":"digits.update","actor":{"id":"e2e","name":"End To End"},"targets":[{"type":"device","id":"D-1","name":"Device"}],"changes":[{"path":"serial","label":"Serial","old":${old},"new":${next}}]}`
    const response = await fetch(`${demo.url}/v1/events`, { method: 'POST', headers: { Authorization: `Bearer ${demo.key}`, 'Content-Type': 'application/json' }, body })
    assert.equal(response.status, 200)
  }
  await post('9007199254740993', '12345678901234567890')
  await go('/t/main/events?q=action:digits.update&from=now-1h&live=1&columns=time,details')
  await page.getByText('9007199254740993 → 12345678901234567890').waitFor()
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
  await post('12345678901234567891', '9007199254740995')
  await page.getByText('12345678901234567891 → 9007199254740995').click()
  const panel = page.getByRole('complementary', { name: /^Event/ })
  await panel.getByText('from 12345678901234567891 to 9007199254740995').waitFor()
})

test('copying rows says that it copied', async () => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await go('/t/main/events')
  await settled()
  await page.locator('.rows [role=row] a').first().focus()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Copy as text' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  await page.getByRole('button', { name: 'Copy as text' }).waitFor()
})

test('a role that is missing is not tried again, and the server’s words read as a sentence', async () => {
  await page.route('**/v1/people?*', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/missing_role', title: 'Missing role', status: 403, code: 'missing_role', detail: 'this needs the role auditor; you are viewer in the tenant `main`' }) }))
  await page.goto(`${demo.url}/t/main/settings/people`)
  await page.getByText('This needs the role auditor; you are viewer in the tenant “main”').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
})

test('the browser had nothing to complain about', () => assert.deepEqual(complaints, []))
