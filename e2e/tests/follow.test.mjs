// The list while events come in, and the place of reading in it: what the keys act on, and where an
// open entry stands.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { goTo, number, openBrowser, signIn, startDemo } from '../annals.mjs'

let demo
let browser
let page
let context
let complaints

before(async () => {
  demo = await startDemo()
  browser = await openBrowser()
  ;({ page, context, complaints } = await signIn(browser, demo))
  // Slow machines build a list of thousands of rows slowly.
  context.setDefaultTimeout(60_000)
})

after(async () => {
  await browser?.close()
  await demo?.stop()
})

const send = async (action, count) => {
  for (let left = count; left > 0; left -= 1000) await demo.ask('/v1/events', Array.from({ length: Math.min(1000, left) }, (_, place) => ({ action, actor: { id: 'u-follow', name: 'Fay' }, message: `event ${place}` })))
}
const go = async (path) => {
  await goTo(page, demo.url + path)
  await page.waitForFunction(() => document.querySelector('[role=table][aria-busy=false]'))
}
/** Follows a list that begins with so many events. */
const follow = async (action, count) => {
  await send(action, count)
  await go(`/t/main/events?q=action:${action}&range=all&live=1`)
  await page.getByRole('button', { name: 'Live', exact: true, pressed: true }).waitFor()
  await totalIs(count)
}
const totalIs = (count) => page.waitForFunction((shown) => document.querySelector('.total')?.textContent.replaceAll(/[^\d]/g, '') === shown, String(count))
const idOf = async (link) => /LOG-\d+-\d+/.exec(await link.getAttribute('aria-label'))[0]
const idOfRow = (row) => idOf(page.locator(`[data-row="${row}"] a`))
/** The ids of the rows that are drawn, from the top. */
const drawn = () =>
  page.locator('.rows [role=row]').evaluateAll((rows) =>
    rows
      .map((row) => [Number(row.dataset.row), /LOG-\d+-\d+/.exec(row.querySelector('a')?.getAttribute('aria-label') ?? '')?.[0]])
      .sort((one, other) => one[0] - other[0])
      .map(([, id]) => id),
  )
/** What the API lists for a search, newest first. */
const listed = async (q, more = '') => (await demo.ask(`/v1/events?limit=1000&q=${encodeURIComponent(q)}${more}`)).events.map((event) => event.display_id)
/** The ids that stand after an event in a list, newest first. */
const older = async (event, q) => {
  const ids = await listed(`${q} occurred:<=${event.occurred_at}`)
  return ids.slice(ids.indexOf(event.display_id) + 1)
}
const open = () => new URL(page.url()).searchParams.get('event')
const opens = (id) => page.waitForURL((url) => url.searchParams.get('event') === id)
/** Whether a row lies within what is seen of the list. */
const inSight = (row) =>
  page.waitForFunction((selector) => {
    const [row, list] = [document.querySelector(selector)?.getBoundingClientRect(), document.querySelector('.table-scroll').getBoundingClientRect()]
    return row && row.top >= list.top && row.bottom <= list.bottom
  }, row)

describe('following', () => {
  test('more events than are kept on top are all counted and all there', async () => {
    await follow('follow.many', 375)
    await send('follow.many', 7000)
    await totalIs(7375)
    await page.waitForFunction(() => document.querySelector('[role=table]').getAttribute('aria-rowcount') === '7376')
    const row = 6000
    await page.locator('.table-scroll').evaluate((box, top) => box.scrollTo({ top }), row * 32)
    await page.locator(`[data-row="${row}"] a`).waitFor()
    let answer
    for (let read = 0; read <= row; read += 1000) answer = await demo.ask(`/v1/events?limit=1000&q=action:follow.many${answer ? `&cursor=${answer.next_cursor}` : ''}`)
    assert.equal(await idOfRow(row), answer.events[0].display_id)
  })

  test('what waited while one read further down is let in when one scrolls back', async () => {
    await follow('follow.back', 100)
    const list = page.locator('.table-scroll')
    await list.evaluate((box) => box.scrollTo({ top: 1500 }))
    await page.waitForFunction(() => !document.querySelector('[data-row="0"] a'))
    await send('follow.back', 10)
    await page.getByRole('button', { name: '10 new events' }).waitFor()
    // What waits is counted.
    await totalIs(110)
    await list.evaluate((box) => box.scrollTo({ top: 0 }))
    await page.getByRole('button', { name: /new events?$/ }).waitFor({ state: 'detached' })
    await send('follow.back', 5)
    await totalIs(115)
    const wanted = await listed('action:follow.back')
    await page.waitForFunction((id) => document.querySelector('[data-row="0"] a')?.getAttribute('aria-label').startsWith(id), wanted[0])
    assert.deepEqual((await drawn()).slice(0, 20), wanted.slice(0, 20))
  })

  test('the keys stay with their event while others come', async () => {
    await follow('follow.keys', 50)
    await page.locator('[data-row="0"] a').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    const id = await idOfRow(1)
    await page.waitForFunction((id) => document.activeElement?.getAttribute('aria-label')?.startsWith(id), id)
    await send('follow.keys', 4)
    await totalIs(54)
    await page.locator('[data-row="5"].row-active').waitFor()
    assert.equal(await idOf(page.locator('.row-active a')), id)
    await page.keyboard.press(' ')
    assert.equal(await idOf(page.locator('.row-selected a')), id)
    await page.keyboard.press('o')
    await opens(id)
    // With the entry open, the keys read on from it.
    await send('follow.keys', 20)
    await totalIs(74)
    const ids = await listed('action:follow.keys')
    await page.keyboard.press('j')
    await opens(ids[ids.indexOf(id) + 1])
    await page.keyboard.press('k')
    await opens(id)
    await page.keyboard.press('k')
    await opens(ids[ids.indexOf(id) - 1])
  })

  test('the chart and the filters count what comes', async () => {
    await follow('follow.count', 30)
    await send('follow.count', 12)
    await totalIs(42)
    await page.locator('.facets').getByRole('button', { name: /^Fay\s*42$/ }).waitFor()
    await page.locator('.bars svg[aria-label*=": 42 events"], svg[role=img][aria-label*=": 42 events"]').first().waitFor()
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    // Who stops following keeps what came.
    await page.waitForURL((url) => !url.searchParams.has('live'))
    await totalIs(42)
    assert.equal(await page.locator('[role=table]').getAttribute('aria-rowcount'), '43')
  })
})

describe('an open entry', () => {
  /** One far down in the list. */
  const deep = async () => {
    const { total, events } = await demo.ask('/v1/events?limit=1')
    const [event] = (await demo.ask(`/v1/events?limit=1&order=desc&q=sequence:<${events[0].sequence - Math.floor(total / 2)}`)).events
    return event
  }

  test('that is far down is scrolled to and marked, and the keys go on from it', async () => {
    const event = await deep()
    const next = await older(event, '')
    await go(`/t/main/events?range=all&event=${event.display_id}`)
    await page.locator('.row-open').waitFor()
    assert.equal(await idOf(page.locator('.row-open a')), event.display_id)
    await inSight('.row-open')
    await page.keyboard.press('j')
    await opens(next[0])
    await page.keyboard.press('j')
    await opens(next[1])
    await page.keyboard.press('k')
    await page.keyboard.press('k')
    await opens(event.display_id)
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('event'))
    assert.equal(await idOf(page.locator('.row-active a')), event.display_id)
  })

  test('is walked on from even before it was found', async () => {
    const event = await deep()
    const next = await older(event, '')
    await page.goto(`${demo.url}/t/main/events?range=all&event=${event.display_id}`)
    await page.locator('.panel h2').getByText(event.display_id).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await opens(next[2])
  })

  test('that the search does not find leads to those beside it', async () => {
    const event = await deep()
    const q = `NOT sequence:${event.sequence}`
    for (const [key, id] of [
      ['j', (await listed(`${q} occurred:<=${event.occurred_at}`))[0]],
      ['k', (await listed(`${q} occurred:>=${event.occurred_at}`, '&order=asc'))[0]],
    ]) {
      await go(`/t/main/events?range=all&q=${encodeURIComponent(q)}&event=${event.display_id}`)
      await page.locator('.panel h2').getByText(event.display_id).waitFor()
      await page.keyboard.press(key)
      await opens(id)
    }
  })

  test('is in sight again after a page behind it', async () => {
    const event = await deep()
    await go(`/t/main/events?range=all&event=${event.display_id}`)
    await page.locator('.row-open').waitFor()
    await page.locator('.panel').getByRole('link', { name: 'As a page' }).click()
    await page.waitForURL(`**/events/${event.display_id}`)
    await page.goBack()
    await page.locator('.row-open').waitFor()
    await inSight('.row-open')
  })
})

describe('the keyboard', () => {
  test('stops at one row of the list, and comes from it to the panel', async () => {
    await go('/t/main/events?to=now-1h&from=now-30d')
    await page.locator('[data-row="3"] a').waitFor()
    assert.equal(await page.locator('.rows a:not([tabindex="-1"])').count(), 1)
    for (let step = 0; step < 4; step += 1) await page.keyboard.press('j')
    const id = await idOfRow(3)
    await page.waitForFunction((id) => document.activeElement?.getAttribute('aria-label')?.startsWith(id), id)
    assert.equal(await page.locator('.rows a:not([tabindex="-1"])').count(), 1)
    await page.keyboard.press('Enter')
    await opens(id)
    await page.locator('.panel h2').getByText(id).waitFor()
    await page.keyboard.press('Tab')
    await page.waitForFunction(() => document.activeElement?.closest('.panel'))
    await page.keyboard.press('Shift+Tab')
    await page.waitForFunction((id) => document.activeElement?.getAttribute('aria-label')?.startsWith(id), id)
    // The keys go on to walk the list, and the focus with them.
    await page.keyboard.press('ArrowDown')
    const next = await idOfRow(4)
    await opens(next)
    await page.waitForFunction((id) => document.activeElement?.getAttribute('aria-label')?.startsWith(id), next)
  })

  test('does not reach the page behind a menu', async () => {
    await go('/t/main/events?to=now-1h&from=now-30d')
    await page.locator('[data-row="2"] a').click()
    await page.locator('.panel h2').getByText('LOG-').waitFor()
    const before = page.url()
    for (const [button, layer] of [
      ['The chart', '[role=menu]'],
      ['Columns and density', '[role=dialog]'],
    ]) {
      await page.getByRole('button', { name: button }).click()
      await page.locator(layer).waitFor()
      for (const key of ['j', 'k', 'l', 'v', 'f']) await page.keyboard.press(key)
      await page.waitForTimeout(300)
      assert.equal(page.url(), before, button)
      await page.keyboard.press('Escape')
      await page.locator(layer).waitFor({ state: 'detached' })
      await page.waitForTimeout(300)
      assert.equal(page.url(), before, `Escape in ${button}`)
    }
    // Nothing lies over the page any more.
    await page.keyboard.press('j')
    await page.waitForURL((url) => url.searchParams.get('event') !== new URL(before).searchParams.get('event'))
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.searchParams.has('event'))
  })

  test('nothing is followed on top of the oldest', async () => {
    await go('/t/main/events?live=1&order=asc')
    await page.getByRole('button', { name: 'Live', exact: true, pressed: false }).waitFor()
  })
})

describe('on a phone', () => {
  test('the filters lie over the list, and count as beside it', async () => {
    const phone = await signIn(browser, demo, { viewport: { width: 390, height: 844 }, hasTouch: true })
    await phone.page.goto(`${demo.url}/t/main/events?from=2020-01-01&to=now-1h`)
    await phone.page.getByRole('button', { name: 'Filters', exact: true }).click()
    const sheet = phone.page.getByRole('dialog', { name: 'Filters' })
    const failure = sheet.getByRole('button', { name: /^Failure/ })
    const count = number(await failure.innerText())
    await failure.click()
    await phone.page.waitForURL(/q=outcome%3Afailure/)
    await sheet.getByRole('button', { name: /^Failure/, pressed: true }).waitFor()
    await sheet.getByRole('button', { name: 'Show the events' }).click()
    await sheet.waitFor({ state: 'detached' })
    await phone.page.waitForFunction((shown) => document.querySelector('.total')?.textContent.replaceAll(/[^\d]/g, '') === shown, String(count))
    assert.ok(count > 0)
    assert.deepEqual(phone.complaints, [])
    await phone.context.close()
  })

  test('the navigation closes when one taps where one is', async () => {
    const phone = await signIn(browser, demo, { viewport: { width: 390, height: 844 }, hasTouch: true })
    await phone.page.goto(`${demo.url}/t/main/events`)
    await phone.page.getByRole('button', { name: 'Navigation' }).click()
    await phone.page.locator('.nav-open').getByRole('link', { name: 'Events', exact: true }).click()
    await phone.page.locator('.nav-open').waitFor({ state: 'detached' })
    assert.deepEqual(phone.complaints, [])
    await phone.context.close()
  })
})

test('the browser had nothing to complain about', () => assert.deepEqual(complaints, []))
