// What applications, and people with a name, send is text and nothing else, on every screen.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { goTo, openBrowser, signIn, startDemo } from '../annals.mjs'
import { PAYLOADS, hostileEvents, longEvent, wideEvent } from '../hostile.mjs'

const SEED = 20260115

let demo
let browser
let page
let context
let complaints
let sent

before(async () => {
  demo = await startDemo()
  browser = await openBrowser()
  ;({ page, context, complaints } = await signIn(browser, demo))
  const events = hostileEvents(SEED, 'e2e')
  const { events: receipts } = await demo.ask('/v1/events', events)
  sent = receipts.map((receipt, place) => ({ ...events[place], display_id: receipt.display_id }))
})

after(async () => {
  await browser?.close()
  await demo?.stop()
})

const go = (path) => goTo(page, demo.url + path)

/** What must hold on a screen whatever it shows. */
async function harmless(where) {
  const found = await page.evaluate(() => {
    const elements = [...document.querySelectorAll('img, iframe, object, embed, base, math, form[action], main link, main style, main script, main svg[onload], [onerror], [onfocus], [onload]')]
      .filter((element) => !element.matches('img[src="/icon.svg"]'))
      .map((element) => element.outerHTML.slice(0, 120))
    // A text that turns its direction must not turn what stands around it.
    const turning = /[\u0590-\u08ff\u202a-\u202e\u2066\u2067\u2069]/
    const loose = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.replace(/\u2068[^\u2068]*\u2069/g, '')
      if (turning.test(text) && !node.parentElement.closest('bdi, title, .search-under')) loose.push(`${node.parentElement.outerHTML.slice(0, 160)}`)
    }
    return { hurt: window.hurt, elements, loose, stays: location.origin }
  })
  assert.deepEqual(found, { hurt: undefined, elements: [], loose: [], stays: demo.url }, where)
  assert.deepEqual(complaints, [], where)
}
const plain = (text) => text.replaceAll(/[\u2066-\u2069]/g, '').replaceAll(/\s+/g, ' ').trim()

describe('events', () => {
  test('are all accepted, a payload in every field', () => assert.equal(sent.filter((event) => event.display_id).length, PAYLOADS.length))

  test('in the list, its facets and its completion', async () => {
    await go('/t/main/events?q=action:hostile.e2e')
    await page.locator('.rows [role=row] a').first().waitFor()
    for (let top = 0; top <= 3200; top += 640) {
      await page.locator('.table-scroll').evaluate((box, top) => box.scrollTo({ top }), top)
      await page.waitForTimeout(60)
      await harmless(`the list at ${top}`)
    }
    for (const facet of ['Application', 'IP address', 'Changed field']) {
      const head = page.locator('.facets').getByRole('button', { name: facet, exact: true })
      if ((await head.getAttribute('aria-expanded')) === 'false') await head.click()
    }
    const more = page.locator('.facets').getByRole('button', { name: 'More …' })
    for (let left = await more.count(); left > 0; left -= 1) await more.first().click()
    await page.waitForLoadState('networkidle')
    await harmless('the facets')
    for (const typed of ['app:', 'target.type:', 'actor.id:', 'changed:', 'session:']) {
      await page.keyboard.press('/')
      await page.keyboard.type(typed)
      await page.waitForTimeout(150)
      await harmless(`the completion of ${typed}`)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
    }
  })

  test('with every column there is', async () => {
    await go('/t/main/events?q=action:hostile.e2e&columns=time,who,action,entity,details,outcome,severity,category,action_name,entity_type,record,message,ip,session,app,records,duration,received,id')
    await page.locator('.rows [role=row] a').first().waitFor()
    await harmless('all columns')
  })

  test('in the panel, and as filters', async () => {
    await go(`/t/main/events?q=action:hostile.e2e&order=asc&event=${sent[0].display_id}`)
    for (const event of sent) {
      const panel = page.locator(`aside[aria-label="Event ${event.display_id}"]`)
      await panel.locator('.lines').first().waitFor()
      const shown = plain(await panel.locator('.panel-body').evaluate((body) => body.textContent))
      const cut = (text) => plain(text.split('\n').slice(0, 3).join('\n').slice(0, 240))
      for (const text of [event.message, event.actor.name, event.outcome.reason, event.changes[0].old, event.changes[0].new, event.client.user_agent, event.labels[0]]) {
        assert.ok(shown.includes(cut(text)), `${event.display_id} does not show ${JSON.stringify(text)}`)
      }
      await harmless(event.display_id)
      await page.keyboard.press('j')
    }
    // A value becomes a filter that finds it again, whatever it is made of.
    for (const event of sent.filter((_, place) => place % 7 === 0)) {
      await go(`/t/main/events?q=action:hostile.e2e&event=${event.display_id}`)
      await page.locator('.panel .line', { has: page.locator('dt', { hasText: /^Session/ }) }).getByRole('button', { name: /^Only/ }).click({ force: true })
      await page.waitForFunction(() => document.querySelector('[role=table][aria-busy=false]') || document.querySelector('.events-list .state'))
      await page.locator('.rows [role=row]').first().waitFor()
      await harmless(`filtered by the session of ${event.display_id}`)
    }
  })

  test('as a page with all its parts, and as the history of a record', async () => {
    await go(`/t/main/events/${sent[0].display_id}`)
    for (const [place, event] of sent.entries()) {
      await page.getByRole('heading', { level: 1, name: event.display_id }).waitFor()
      for (const part of ['Related', 'History', 'JSON']) {
        const tab = page.getByRole('tab', { name: part })
        if (!(await tab.count())) continue
        await tab.click()
        await page.getByRole('tabpanel', { name: part }).waitFor()
        await page.waitForFunction(() => !/^Loading/.test(document.querySelector('[role=tabpanel]')?.textContent ?? ''))
        await harmless(`${part} of ${event.display_id}`)
      }
      if (place < sent.length - 1) await page.keyboard.press('k')
    }
    for (const event of sent.filter((_, place) => place % 5 === 0)) {
      const { type, id } = event.targets[0]
      await go(`/t/main/records/${encodeURIComponent(type)}/${encodeURIComponent(id)}`)
      await harmless(`the record ${type} ${id}`)
    }
  })

  test('on the overview, and in its export', async () => {
    await go('/t/main/overview')
    await page.locator('.high li a').first().waitFor()
    await harmless('the overview')
  })

  test('a spreadsheet runs nothing of an export', async () => {
    const { readFile } = await import('node:fs/promises')
    await go('/t/main/events?q=action:hostile.e2e')
    await page.locator('.rows [role=row] a').first().waitFor()
    await page.getByRole('button', { name: /^Export/ }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV, for spreadsheets' }).click()])
    const text = await readFile(await download.path(), 'utf8')
    assert.ok(text.includes('HYPERLINK'))
    assert.doesNotMatch(text, /(^|,|\n)"?[=+@\t][^,\n]/)
  })
})

describe('names that people give', () => {
  test('searches, teams and keys', async () => {
    const made = await page.evaluate(async (payloads) => {
      const post = async (path, body) => (await fetch(`${path}?tenant=main`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).status
      const counts = { searches: 0, teams: 0, keys: 0, refused: [] }
      for (const payload of payloads) {
        const name = [...payload].slice(0, 60).join('')
        for (const [kind, path, body] of [
          ['searches', '/v1/searches', { name, query: 'outcome:failure', params: {}, shared: false }],
          ['teams', '/v1/teams', { name, members: [], addresses: [] }],
          ['keys', '/v1/keys', { name, scopes: ['events:read'] }],
        ]) {
          const status = await post(path, body)
          if (status < 300) counts[kind] += 1
          else if (status !== 400 && status !== 409 && status !== 422) counts.refused.push(`${path} ${status} ${name}`)
        }
      }
      return counts
    }, PAYLOADS)
    // Some are no name (empty, with control characters); whatever is refused is refused with a reason.
    assert.deepEqual(made.refused, [])
    for (const kind of ['searches', 'teams', 'keys']) assert.ok(made[kind] > 60, `${made[kind]} ${kind}`)
    for (const section of ['teams', 'keys']) {
      await go(`/t/main/settings/${section}`)
      await harmless(section)
    }
    await go('/t/main/events')
    await page.getByRole('button', { name: 'Saved', exact: true }).click()
    await page.getByRole('menuitem').nth(10).waitFor()
    await harmless('saved searches')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('option').nth(40).waitFor()
    await harmless('the palette')
  })

  test('people and tenants', async () => {
    await go('/t/main/settings/people')
    const chosen = PAYLOADS.filter((_, place) => place % 12 === 3)
    const made = await page.evaluate(
      async ([payloads]) => {
        const send = async (method, path, body) => {
          const answer = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
          return answer.status < 300 ? answer.json() : undefined
        }
        const links = []
        for (const [place, payload] of payloads.entries()) {
          const organization = [...payload].slice(0, 60).join('')
          await send('POST', '/v1/tenants', { name: `h-${place}`, organization })
          const invited = await send('POST', '/v1/invitations?tenant=main', { email: `h${place}@example.com`, role: 'viewer' })
          if (invited) links.push([invited.link, organization])
        }
        return links
      },
      [chosen],
    )
    assert.equal(made.length, chosen.length)
    let joined = 0
    for (const [link, name] of made) {
      const token = link.split('#').at(-1).replace(/^.*=/, '')
      const answer = await fetch(`${demo.url}/v1/invitations/accept`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token, name, password: 'nine tall otters walk', time_zone: 'UTC' }) })
      if (answer.ok) joined += 1
    }
    assert.ok(joined >= 5, `${joined} of ${made.length} joined`)
    for (const path of ['settings/people', 'settings/tenants', 'settings/teams', 'account']) {
      await go(`/t/main/${path}`)
      await harmless(path)
    }
    await go('/t/h-0/overview')
    await harmless('the switch between tenants')
    // What they did stands in the log, under the names they gave.
    await go('/t/main/events?own=include&q=kind:own')
    await page.locator('.rows [role=row] a').first().waitFor()
    await harmless('what Annals recorded')
  })
})

describe('large events', () => {
  /** The CPU time, in milliseconds, that the page's own thread takes while something is done. */
  async function work(session, act) {
    const taken = async () => (await session.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration').value
    const before = await taken()
    await act()
    await page.waitForTimeout(200)
    return 1000 * ((await taken()) - before)
  }

  test('fold, and take no more work than small ones', async () => {
    const long = await demo.ask('/v1/events', longEvent('e2e'))
    const wide = await demo.ask('/v1/events', wideEvent('e2e'))
    const small = await demo.ask('/v1/events', { action: 'small.e2e', actor: { id: 'u-small', name: 'Small' }, message: 'short' })
    await demo.ask('/v1/events', { action: 'first.e2e', actor: { id: 'u-small', name: 'Small' } })
    await go('/t/main/events?q=action:(long.e2e OR wide.e2e)')
    await page.locator('.rows [role=row] a').first().waitFor()
    const characters = await page.locator('.rows').evaluate((rows) => rows.outerHTML.length)
    assert.ok(characters < 40_000, `${characters} characters for two rows`)
    await go('/t/main/events?q=action:(long.e2e OR wide.e2e OR small.e2e OR first.e2e)')
    // The first one that is opened loads the panel itself.
    await page.locator('.rows [role=row] a').first().click()
    await page.locator('.panel .lines').first().waitFor()
    const session = await context.newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const open = (event) =>
      work(session, async () => {
        await page.keyboard.press('j')
        await page.locator(`aside[aria-label="Event ${event.display_id}"] .lines`).first().waitFor()
      })
    const usual = await open(small)
    for (const event of [wide, long]) {
      const opened = await open(event)
      assert.ok(opened < 4 * usual, `${opened} ms of work, ${usual} ms for a small event`)
      const folded = await page.locator('.panel').evaluate((panel) => panel.outerHTML.length)
      assert.ok(folded < 40_000, `${folded} characters in the panel`)
    }
    const all = page.locator('.panel').getByRole('button', { name: /^show all, 59,[\d]+ characters$/ })
    const unfolded = await work(session, () => all.click())
    assert.ok(unfolded < 4 * usual, `${unfolded} ms of work, ${usual} ms for a small event`)
    await session.detach()
    await page.locator('.panel').getByText('the end').waitFor()
    await go(`/t/main/events/${wide.display_id}`)
    assert.equal(await page.locator('.changes tbody tr').count(), 20)
    await page.getByRole('button', { name: 'Show all 200' }).click()
    assert.equal(await page.locator('.changes tbody tr').count(), 200)
  })
})

test('nothing left the host, and the browser had nothing to complain about', async () => {
  assert.deepEqual(complaints, [])
  await context.close()
})
