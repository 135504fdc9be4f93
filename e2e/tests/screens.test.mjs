import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import AxeBuilder from '@axe-core/playwright'
import { goTo, number, openBrowser, readTotal, settle, signIn, startDemo } from '../annals.mjs'

let demo
let browser
let page
let context
let complaints

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
const total = () => readTotal(page)
const settled = () => settle(page)
const firstRow = () => page.locator('.rows [role=row] a').first()

describe('overview', () => {
  test('the numbers are those of the API and lead to their events', async () => {
    await go('/t/main/overview')
    const card = page.getByRole('link', { name: /^Today/ })
    await card.locator('.big').filter({ hasText: /\d/ }).waitFor()
    const shares = await page.locator('.shares li').allInnerTexts()
    assert.equal(shares.map((text) => Number(/(\d+) %/.exec(text)[1])).reduce((a, b) => a + b), 100)
    const storage = page.getByRole('group', { name: 'Storage used' })
    assert.match(await storage.locator('.big').innerText(), /^[\d.,]+\s?[kMGT]?B$/)
    await storage.hover()
    await page.getByRole('tooltip').getByText('Search index').waitFor()
    const shown = number(await card.locator('.big').innerText())
    await card.click()
    await page.waitForURL('**/events?from=today')
    await settled()
    // Events come in while one looks.
    assert.ok((await total()) - shown < 60 && (await total()) >= shown)
  })
})

describe('events', () => {
  test('a value of a facet is a filter in box and address, and its count is the total', async () => {
    await go('/t/main/events?from=2020-01-01&to=now-1h')
    const failure = page.locator('.facets').getByRole('button', { name: /^Failure/ })
    const count = number(await failure.innerText())
    await failure.click()
    await page.waitForURL(/q=outcome%3Afailure/)
    assert.equal(await page.getByRole('combobox', { name: 'Search events' }).inputValue(), 'outcome:failure')
    await settled()
    assert.equal(await total(), count)
    const known = await demo.ask('/v1/events?limit=1&q=outcome:failure&to=now-1h')
    assert.ok(Math.abs(known.total - count) <= 2)
  })

  test('a wrong search is marked where it is wrong, and the fix is offered', async () => {
    await go('/t/main/events')
    await page.keyboard.press('/')
    await page.keyboard.type('refund acton:login')
    await page.keyboard.press('Enter')
    await page.getByText('no field is called').waitFor()
    assert.equal(await page.locator('.q-wrong').innerText(), 'acton')
    await page.getByRole('button', { name: 'Use action:' }).click()
    await page.waitForURL(/action%3Alogin/)
    await page.locator('.search-problem').waitFor({ state: 'detached' })
  })

  test('fields and values are completed', async () => {
    await go('/t/main/events')
    await page.keyboard.press('/')
    await page.keyboard.type('categ')
    await page.getByRole('option', { name: /category:/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('option', { name: /category:security/ }).click()
    await page.keyboard.press('Enter')
    await page.waitForURL(/q=category%3Asecurity/)
  })

  test('row 20,000 is the event that stands there', async () => {
    const to = new Date(Date.now() - 3_600_000).toISOString()
    await go(`/t/main/events?from=2020-01-01&to=${to}`)
    await settled()
    const row = 20_000
    await page.locator('.table-scroll').evaluate((box, top) => box.scrollTo({ top }), row * 32)
    const link = page.locator(`[data-row="${row}"] a`)
    await link.waitFor()
    const shown = /LOG-\d+-\d+/.exec(await link.getAttribute('aria-label'))[0]
    let cursor
    let seen = 0
    let expected
    while (!expected) {
      const answer = await demo.ask(`/v1/events?limit=1000&from=2020-01-01&to=${to}${cursor ? `&cursor=${cursor}` : ''}`)
      if (row < seen + answer.events.length) expected = answer.events[row - seen].display_id
      seen += answer.events.length
      cursor = answer.next_cursor
    }
    assert.equal(shown, expected)
    assert.equal(number(await page.locator('[role=table]').getAttribute('aria-rowcount')) - 1, await total())
  })

  test('the keys walk the list, open and close', async () => {
    await go('/t/main/events?to=now-1h&from=now-30d')
    await settled()
    await firstRow().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('o')
    await page.waitForURL(/event=LOG-/)
    const opened = new URL(page.url()).searchParams.get('event')
    await page.keyboard.press('j')
    await page.waitForURL((url) => url.searchParams.get('event') !== opened)
    await page.keyboard.press('k')
    await page.waitForURL((url) => url.searchParams.get('event') === opened)
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('event'))
  })

  test('keys that come faster than pages are drawn lead where slow ones do', async () => {
    await go('/t/main/events?to=now-1h&from=now-30d')
    await settled()
    await firstRow().waitFor()
    const third = await page.locator('[data-row="2"] a').first().getAttribute('aria-label')
    await page.evaluate(() => {
      for (const key of ['j', 'j', 'j', 'o', 'j', 'j', 'k', 'k']) window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
    })
    await page.waitForURL((url) => url.searchParams.get('event') === /LOG-\d+-\d+/.exec(third)[0])
    // What was put off until the page was drawn does not lead away again.
    await page.waitForTimeout(300)
    await page.keyboard.press('j')
    const fourth = await page.locator('[data-row="3"] a').first().getAttribute('aria-label')
    await page.waitForURL((url) => url.searchParams.get('event') === /LOG-\d+-\d+/.exec(fourth)[0])
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('event'))
    // Leaving the search box leaves it at once: the next keys are no text in it.
    await page.keyboard.press('/')
    await page.keyboard.type('nothing:')
    const box = page.getByRole('combobox', { name: 'Search events' })
    await page.keyboard.press('Escape')
    await box.and(page.locator('[aria-expanded=false]')).waitFor()
    const stays = await box.evaluate((input) => {
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))
      return document.activeElement === input
    })
    assert.equal(stays, false)
    assert.equal(await box.inputValue(), '')
  })

  test('a new event appears while one follows, and waits while one reads further down', async () => {
    await go('/t/main/events?live=1')
    await settled()
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
    await demo.ask('/v1/events', { action: 'customer.update', actor: { id: 'e2e', name: 'End To End' }, message: 'seen while following' })
    await page.getByText('seen while following').waitFor()
    await page.locator('.table-scroll').evaluate((box) => box.scrollTo({ top: 2000 }))
    await page.waitForTimeout(300)
    await demo.ask('/v1/events', { action: 'customer.update', actor: { id: 'e2e', name: 'End To End' }, message: 'seen after reading' })
    await page.locator('.waiting').click()
    await page.getByText('seen after reading').waitFor()
  })

  test('an export holds as many events as the list shows', async () => {
    await go('/t/main/events?q=outcome:failure&from=2020-01-01&to=now-1h')
    await settled()
    const shown = await total()
    for (const [name, count] of [
      ['CSV, for spreadsheets', (text) => text.trim().split('\r\n').length - 1],
      ['NDJSON, one event a line', (text) => text.trim().split('\n').length - 1],
      ['JSON, one array', (text) => JSON.parse(text).length],
    ]) {
      await page.getByRole('button', { name: /^Export/ }).click()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()])
      const text = await readFile(await download.path(), 'utf8')
      assert.equal(count(text), shown, name)
    }
  })

  test('an empty list says why', async () => {
    await go('/t/main/events?q=action:login&from=2001-01-01&to=2001-01-02')
    await page.getByText('Nothing in this range of time').waitFor()
    await page.getByRole('button', { name: /The first after/ }).waitFor()
    await go('/t/main/events?q=severity:high action:nothing')
    await page.getByRole('button', { name: /Without action:nothing: [\d,]+ events/ }).waitFor()
    await go('/t/main/events?q=actor.id:nobody action:nothing severity:high')
    await page.getByText('By themselves these find nothing here: actor.id:nobody, action:nothing').waitFor()
    await page.getByRole('button', { name: /Only severity:high: [\d,]+ events/ }).click()
    await firstRow().waitFor()
    await go('/t/main/events?from=2031-01-01')
    await page.getByText('This range begins in the future').waitFor()
    await page.getByRole('button', { name: /The last before/ }).click()
    await firstRow().waitFor()
    await go('/t/main/events?from=now&to=now-7d')
    await page.getByRole('button', { name: 'Turn it round' }).click()
    await firstRow().waitFor()
  })
})

describe('one event', () => {
  test('its proof holds in this browser, and a changed event does not', async () => {
    const [event] = (await demo.ask('/v1/events?limit=1&q=changed:credit_limit')).events
    await go(`/t/main/events/${event.display_id}?part=proof`)
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    const name = event.targets[0].name
    await page.route('**/proof?*', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, body: (await response.text()).replaceAll(name, `${name}!`) })
    })
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByRole('heading', { name: 'Not proven' }).waitFor()
    await page.getByText('do not hash to the body root').waitFor()
    await page.unroute('**/proof?*')
  })

  test('another key than the pinned one is a warning', async () => {
    const vkey = await fetch(`${demo.url}/log/main/vkey`, { headers: { Authorization: `Bearer ${demo.key}` } }).then((answer) => answer.text())
    await page.evaluate(() => localStorage.setItem('annals.vkey.main', 'acme/main+584a66a9+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4'))
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByText('The server shows another key than before').waitFor()
    await page.getByRole('heading', { name: 'Not proven' }).waitFor()
    await page.getByRole('button', { name: 'Pin the new key' }).click()
    await page.getByRole('heading', { name: 'Proven', exact: true }).waitFor()
    assert.equal(await page.evaluate(() => localStorage.getItem('annals.vkey.main')), vkey.trim())
  })

  test('a checkpoint from elsewhere is held to the log, and a wrong one is named', async () => {
    const read = (what) => fetch(`${demo.url}/log/main/${what}`, { headers: { Authorization: `Bearer ${demo.key}` } }).then((answer) => answer.text())
    const [kept, vkey] = [await read('checkpoint'), await read('vkey')]
    const [event] = (await demo.ask('/v1/events?limit=1&q=changed:credit_limit')).events
    await go(`/t/main/events/${event.display_id}?part=proof`)
    const hold = async (text) => {
      await page.getByRole('textbox', { name: 'Checkpoint from elsewhere' }).fill(text)
      await page.getByRole('button', { name: 'Hold the log to it' }).click()
    }
    // The log has grown since.
    await demo.ask('/v1/events', { action: 'customer.update', actor: { id: 'e2e', name: 'End To End' } })
    await page.waitForTimeout(1500)
    await hold(kept.trimEnd())
    await page.getByRole('heading', { name: 'The log agrees with the checkpoint' }).waitFor()
    await page.getByText('This event stood at its place when the checkpoint was signed.').waitFor()
    await hold(vkey)
    await page.getByRole('heading', { name: 'The checkpoint could not be used' }).waitFor()
    await page.getByText('this is a verifier key and no checkpoint').waitFor()
    await hold(kept.replace(/\n\d+\n/, '\n7\n'))
    await page.getByText('the signature of the checkpoint is wrong').waitFor()
    // A server that shows another history than the one that was signed.
    await page.route('**/v1/log/consistency?*', async (route) => {
      const response = await route.fetch()
      const answer = await response.json()
      await route.fulfill({ response, json: { ...answer, path: answer.path.toReversed() } })
    })
    await hold(kept)
    await page.getByRole('heading', { name: 'The log does not agree with the checkpoint' }).waitFor()
    await page.getByText('its history was changed').waitFor()
    await page.unroute('**/v1/log/consistency?*')
  })

  test('its changes, related events and the history of its record are shown', async () => {
    const [event] = (await demo.ask('/v1/events?limit=1&q=action:customer.credit_limit.update')).events
    await go(`/t/main/events/${event.display_id}`)
    await page.getByRole('columnheader', { name: 'Previous value' }).waitFor()
    await page.getByRole('tab', { name: 'Related' }).click()
    const before = page.locator('section', { has: page.getByRole('heading', { name: /^This record before/ }) }).getByRole('link', { name: /^all / })
    const count = number(await before.innerText())
    await before.click()
    await settled()
    assert.equal(await total(), count)
    await page.goBack()
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('heading', { name: /^State after/ }).waitFor()
    await page.waitForURL(/part=history/)
  })

  test('a record is shown as it was at any moment', async () => {
    const record = `e2e-${Date.now()}`
    const change = (limit, old) => demo.ask('/v1/events', { action: 'customer.update', actor: { id: 'u-1', name: 'Ada Example' }, targets: [{ type: 'customer', id: record, name: 'Acme' }], changes: [{ path: 'limit', label: 'Limit', old, new: limit, type: 'number' }] })
    const first = await change(10, null)
    await change(20, 10)
    await change(40, 30)
    await go(`/t/main/records/customer/${record}`)
    const limit = page.getByRole('row', { name: /^Limit/ })
    await limit.getByText('40', { exact: true }).waitFor()
    await page.getByText('Gap: Limit was last set to 20, but was 30 before the next change.').waitFor()
    await page.getByRole('listitem').filter({ has: page.locator(`a[href$="${first.display_id}"]`) }).getByRole('button', { name: 'state after' }).click()
    await page.getByRole('heading', { name: `State after ${first.display_id}` }).waitFor()
    await limit.getByText('10', { exact: true }).waitFor()
    await page.getByLabel('State at').fill('now-1d')
    await page.getByRole('button', { name: 'Show the state' }).click()
    await page.getByText('No event names the record up to then.').waitFor()
    await page.getByRole('button', { name: 'Now', exact: true }).click()
    await limit.getByText('40', { exact: true }).waitFor()
  })

  test('the state after each of several events of one second is its own, money and all, and stands in the address', async () => {
    const record = `e2e-deal-${Date.now()}`
    const money = (amount) => ({ amount, currency: 'USD' })
    const steps = ['100.00', '200.00', '300.00', '400.00'].map(money)
    const at = new Date(Date.now() - 3_600_000).toISOString()
    const sent = []
    for (const [place, step] of steps.entries())
      sent.push(await demo.ask('/v1/events', { action: 'deal.update', occurred_at: at, actor: { id: 'u-1' }, targets: [{ type: 'deal', id: record }], changes: [{ path: 'price', label: 'Price', type: 'money', old: steps[place - 1] ?? money('0.00'), new: step }] }))
    await demo.ask('/v1/events', { action: 'deal.update', actor: { id: 'u-1' }, targets: [{ type: 'deal', id: record }], changes: [{ path: 'price', label: 'Price', type: 'money', old: money('450.00'), new: money('500.00') }] })
    const price = page.getByRole('row', { name: /^Price/ })
    const shows = (words) => price.getByText(words, { exact: true }).waitFor()
    await go(`/t/main/records/deal/${record}`)
    await shows('US$500.00')
    await page.getByText('Gap: Price was last set to US$400.00, but was US$450.00 before the next change.').waitFor()
    assert.equal(await page.locator('.timeline .gap').count(), 1)
    for (const [place, { display_id }] of sent.entries()) {
      await page.getByRole('listitem').filter({ has: page.locator(`a[href$="${display_id}"]`) }).getByRole('button', { name: 'state after' }).click()
      await page.waitForURL(`**/records/deal/${record}?moment=${display_id}`)
      await page.getByRole('heading', { name: `State after ${display_id}` }).waitFor()
      await shows(`US$${steps[place].amount}`)
    }
    const second = sent[1].display_id
    await go(`/t/main/records/deal/${record}?moment=${second}`)
    await page.getByRole('heading', { name: `State after ${second}` }).waitFor()
    await shows('US$200.00')
    await page.getByRole('button', { name: 'state after', pressed: true }).waitFor()
    // A moment is read as a range is, and said in words.
    const field = page.getByLabel('State at')
    await field.fill('soon')
    await page.keyboard.press('Enter')
    await page.getByText('This is no moment.').waitFor()
    await field.fill('past 4 h')
    await page.keyboard.press('Enter')
    await page.waitForURL(/moment=now-4h$/)
    await page.getByRole('heading', { name: 'State at 4 hours ago' }).waitFor()
    await page.getByText('No event names the record up to then.').waitFor()
    await field.fill('2026-01-24 18:00')
    await page.keyboard.press('Enter')
    await page.waitForURL(/moment=2026-01-24T1\d/)
    await page.reload()
    await page.getByRole('heading', { name: /^State at .*18:00/ }).waitFor()
    await page.getByRole('button', { name: 'Now', exact: true }).click()
    await page.waitForURL((url) => !url.search)
    await shows('US$500.00')
    // An event's own history begins right after it.
    await go(`/t/main/events/${second}?part=history`)
    await shows('US$200.00')
    await page.getByRole('button', { name: 'Now', exact: true }).click()
    await page.waitForURL(/moment=now/)
    await page.reload()
    await page.getByRole('heading', { name: 'State now' }).waitFor()
    await shows('US$500.00')
    // Beside the list the moment is that of the open event.
    await go(`/t/main/events?q=target.id:${record}&range=all&event=${second}&part=history&moment=${sent[0].display_id}`)
    await shows('US$100.00')
    await page.getByRole('button', { name: 'Next event' }).click()
    await page.waitForURL((url) => !url.searchParams.has('moment') && url.searchParams.get('event') !== second)
    await page.getByRole('tab', { name: 'History', selected: true }).waitFor()
  })

  test('where from, with what and how risky is said, and that it is not proven', async () => {
    const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36'
    const attempt = (ip) => demo.ask('/v1/events', { action: 'user.login', outcome: 'failure', actor: { id: 'u-1' }, client: { ip, user_agent: chrome }, metadata: { attempt: 5 } })
    const line = (name) => page.locator('.line', { has: page.locator('dt', { hasText: name }) }).locator('dd')
    await go(`/t/main/events/${(await attempt('203.0.113.7')).display_id}`)
    assert.match(await line('Location').innerText(), /^Berlin, Germany \(estimated\)\s+by \S/)
    assert.match(await line('Device').innerText(), /^Chrome 124 on Windows.* · Desktop/)
    assert.match(await line('Risk').innerText(), /High\s+A sign-in failed as often as the application allows/)
    await page.getByText('are not covered by the proof').waitFor()
    await go(`/t/main/events/${(await attempt('10.1.2.3')).display_id}`)
    assert.equal(await line('Location').innerText(), 'Private network')
  })

  test('what an application sends is text and nothing else', async () => {
    const hostile = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>\u202Egnp.exe'
    const sent = await demo.ask('/v1/events', { action: 'customer.update', actor: { id: 'h', name: hostile }, targets: [{ type: 'customer', id: hostile, name: hostile }], message: hostile, metadata: { [hostile]: hostile }, changes: [{ path: 'a', label: hostile, old: hostile, new: 'x' }] })
    for (const part of ['summary', 'related', 'history', 'json']) {
      await go(`/t/main/events/${sent.display_id}?part=${part}`)
      await page.getByText('onerror').first().waitFor()
    }
    await go(`/t/main/events?q=actor.id:h&event=${sent.display_id}`)
    await page.locator('.panel').getByText('onerror').first().waitFor()
    assert.equal(await page.evaluate(() => window.hurt), undefined)
    assert.equal(await page.locator('main img').count(), 0)
  })
})

describe('people and keys', () => {
  test('a person is invited, joins, sees what the role allows, and is sent to sign in again', async () => {
    await go('/t/main/settings/people')
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('E-mail address').fill('vera@example.com')
    await page.getByRole('button', { name: 'Make the invitation' }).click()
    const link = await page.locator('.secret code').innerText()
    await page.getByRole('button', { name: 'I have it' }).click()
    const other = await browser.newContext({ locale: 'en-GB' })
    const vera = await other.newPage()
    await vera.goto(link)
    await vera.getByText('vera@example.com').waitFor()
    await vera.getByLabel('Your name').fill('Vera Viewer')
    // The label of a field that must be filled ends in an asterisk: the text is never "Password" alone.
    await vera.getByLabel(/^Password/).fill('wrong horse battery staple 9')
    await vera.getByRole('button', { name: 'Join' }).click()
    await vera.waitForURL('**/t/main/overview')
    // A viewer has no settings and exports nothing; the way to the page names them, and leads nowhere that is refused.
    assert.equal(await vera.getByRole('link', { name: 'People' }).count(), 0)
    await vera.goto(`${demo.url}/t/main/events`)
    const way = vera.getByRole('navigation', { name: 'Breadcrumb' })
    assert.match(await way.innerText(), /Settings\s+Security\s+Audit logs\s+Events/)
    assert.deepEqual(await way.getByRole('link').allInnerTexts(), ['Audit logs'])
    await vera.getByRole('button', { name: 'Saved' }).waitFor()
    assert.equal(await vera.getByRole('button', { name: /^Export/ }).count(), 0)
    await vera.goto(`${demo.url}/t/main/settings/keys`)
    await vera.getByText('Your role does not allow this').waitFor()
    await vera.goto(`${demo.url}/t/nowhere/events`)
    await vera.getByRole('heading', { name: 'Not found' }).waitFor()
    // Her session ends in the middle; signing in leads back to the same place.
    await vera.goto(`${demo.url}/t/main/events?q=action:login`)
    await vera.getByRole('button', { name: 'Ask again' }).waitFor()
    await vera.waitForLoadState('networkidle')
    await other.clearCookies()
    await vera.getByRole('button', { name: 'Ask again' }).click()
    await vera.getByLabel('E-mail address').fill('vera@example.com')
    await vera.getByLabel(/^Password/).fill('not it')
    await vera.getByRole('button', { name: 'Sign in' }).click()
    await vera.getByRole('alert').waitFor()
    await vera.getByLabel(/^Password/).fill('wrong horse battery staple 9')
    await vera.getByRole('button', { name: 'Sign in' }).click()
    await vera.waitForURL('**/t/main/events?q=action%3Alogin')
    await other.close()
  })

  test('a key is made, used and revoked', async () => {
    await go('/t/main/settings/keys')
    await page.getByRole('button', { name: 'Create a key' }).click()
    await page.getByLabel('Name').fill('e2e')
    await page.getByRole('button', { name: 'Create the key' }).click()
    const text = await page.locator('.secret code').innerText()
    await page.getByRole('button', { name: 'I have it' }).click()
    const send = () =>
      fetch(`${demo.url}/v1/events`, { method: 'POST', headers: { Authorization: `Bearer ${text}`, 'Content-Type': 'application/json' }, body: '{"action":"customer.view","actor":{"id":"k"}}' })
    assert.equal((await send()).status, 200)
    const row = page.getByRole('row', { name: /e2e/ })
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByLabel(/Type “e2e”/).fill('e2e')
    await page.getByRole('button', { name: 'Revoke the key' }).click()
    await row.getByText('revoked').waitFor()
    assert.equal((await send()).status, 401)
    // What cannot be taken back leads to the event that records it.
    await page.getByRole('status').filter({ hasText: 'Done: Revoke the key' }).getByRole('link').click()
    await settled()
    assert.equal(await total(), 1)
    await page.locator('.rows').getByText('e2e').first().waitFor()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
  })

  test('on a phone every key is a card, and nothing is scrolled sideways', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await go('/t/main/settings/keys')
    const cards = page.getByRole('list', { name: 'API keys' })
    await cards.getByText('e2e').waitFor()
    assert.equal(await page.getByRole('table').count(), 0)
    for (const path of ['settings/keys', 'settings/people', 'settings/tenants', 'account', 'events', 'events?chart=table', 'overview']) {
      await go(`/t/main/${path}`)
      await page.waitForLoadState('networkidle')
      const { wide, screen } = await page.evaluate(() => ({ wide: document.querySelector('main').scrollWidth, screen: innerWidth }))
      assert.ok(wide <= screen, `${path}: ${wide} px`)
    }
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  test('a search is saved and opened again', async () => {
    await go('/t/main/events?q=outcome:failure')
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('menuitem', { name: /Save this search/ }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Failures')
    await page.getByRole('button', { name: 'Save the search' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await go('/t/main/events')
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('menuitem', { name: 'Failures' }).click()
    await page.waitForURL(/q=outcome%3Afailure/)
  })
})

describe('every screen', () => {
  const screens = ['overview', 'events', 'events?q=severity:>=high&event=LOG', 'events/LOG', 'events/LOG?part=related', 'events/LOG?part=history', 'events/LOG?part=proof', 'events/LOG?part=json', 'records/customer/REC', 'settings/people', 'settings/teams', 'settings/keys', 'settings/tenants', 'settings/general', 'account']
  for (const [name, options] of Object.entries({
    'wide and light': { colorScheme: 'light' },
    'narrow and dark': { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  })) {
    test(`has no fault of accessibility (${name})`, async () => {
      const [event] = (await demo.ask('/v1/events?limit=1&q=changed:credit_limit')).events
      const visit = await signIn(browser, demo, options)
      for (const screen of screens) {
        await visit.page.goto(`${demo.url}/t/main/${screen.replace('LOG', event.display_id).replace('REC', event.targets[0].id)}`)
        await visit.page.waitForLoadState('networkidle')
        const { violations } = await new AxeBuilder({ page: visit.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
        assert.deepEqual(violations.map((fault) => `${screen}: ${fault.id} ${fault.nodes[0].html}`), [])
        const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        assert.ok(wide <= 0, `${screen} is ${wide} px wider than the window`)
      }
      assert.deepEqual(visit.complaints, [])
      await visit.context.close()
    })
  }

  test('a session that ends leads to sign-in and back', async () => {
    await go('/t/main/events?q=action:login')
    await settled()
    await page.waitForLoadState('networkidle')
    await context.clearCookies()
    await page.getByRole('button', { name: 'Ask again' }).click()
    await page.waitForURL('**/sign-in?back=*')
    assert.equal(new URL(page.url()).searchParams.get('back'), '/t/main/events?q=action%3Alogin')
  })

  test('the browser had nothing to complain about', () => assert.deepEqual(complaints, []))
})
