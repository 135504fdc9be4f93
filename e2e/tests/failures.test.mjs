// What a person sees when something fails: worded, with a way on, and the page around it usable.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import AxeBuilder from '@axe-core/playwright'
import { openBrowser, openPage, signIn, startDemo } from '../annals.mjs'

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

beforeEach(() => page.unrouteAll({ behavior: 'ignoreErrors' }))

after(async () => {
  await browser?.close()
  await demo?.stop()
})

const problem = (status, code, more = {}) => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...more },
  body: JSON.stringify({ type: `/problems/${code}`, title: 'Refused', status, code, detail: `This is what the server says about ${code}.`, request_id: 'req-1' }),
})
const accessible = async (where) => {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  assert.deepEqual(violations.map((fault) => `${where}: ${fault.id} ${fault.nodes[0].html}`), [])
}
const screens = ['overview', 'events', 'events/LOG-2026-0000100', 'events/LOG-2026-0000100?part=related', 'events/LOG-2026-0000100?part=proof', 'settings/people', 'settings/keys']

describe('an answer that is none', () => {
  const answers = [
    ['no connection', (route) => route.abort('connectionrefused'), 'Annals does not answer'],
    ['403', (route) => route.fulfill(problem(403, 'forbidden')), 'Your role does not allow this'],
    ['429', (route) => route.fulfill(problem(429, 'too_many', { 'retry-after': '7' })), 'It is possible again in 7 s.'],
    ['500 without a word', (route) => route.fulfill({ status: 500, body: 'proxy error' }), 'The server answered 500 without saying why.'],
    ['503', (route) => route.fulfill(problem(503, 'busy')), 'What was recorded is safe.'],
  ]
  for (const [name, answer, words] of answers) {
    test(`${name}: every screen says so, and comes back`, async () => {
      for (const screen of screens) {
        await page.unrouteAll({ behavior: 'ignoreErrors' })
        await page.route(/\/v1\/(?!session|me|setup)/, answer)
        await page.goto(`${demo.url}/t/main/${screen}`)
        await page.getByText(words).first().waitFor({ timeout: 15_000 })
        if (screen === 'overview' || screen === 'settings/people') await accessible(`${screen}, ${name}`)
        // The way to another screen stays open.
        await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Events' }).waitFor()
        await page.unrouteAll({ behavior: 'ignoreErrors' })
        await page.getByRole('button', { name: 'Try again' }).first().click()
        await page.getByText(words).first().waitFor({ state: 'detached' })
      }
    })
  }

  test('the session itself cannot be asked: the whole page says so, and comes back', async () => {
    await page.route('**/v1/session', (route) => route.abort('connectionrefused'))
    await page.goto(`${demo.url}/t/main/overview`)
    await page.getByRole('heading', { name: 'Annals does not answer' }).waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  })
})

describe('a slow answer', () => {
  test('leaves the skeleton of the page, typing goes on, and it can be cancelled', async () => {
    await page.route('**/v1/events?*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 4000))
      await route.continue().catch(() => undefined)
    })
    await page.goto(`${demo.url}/t/main/events`)
    await page.locator('.search-input').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('outcome:failure')
    assert.equal(await page.getByRole('combobox', { name: 'Search events' }).inputValue(), 'outcome:failure')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'The question was given up' }).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.getByRole('button', { name: 'Ask again' }).last().click()
    await page.locator('.rows [role=row] a').first().waitFor()
    assert.equal(await page.getByRole('heading', { name: 'The question was given up' }).count(), 0)
  })

  test('the overview keeps its place for what is still to come', async () => {
    await page.route('**/v1/summary*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1500))
      await route.continue().catch(() => undefined)
    })
    await page.goto(`${demo.url}/t/main/overview`)
    await page.locator('.shares .skeleton-line').first().waitFor()
    const place = async () => (await page.getByRole('heading', { name: 'Activity by type' }).boundingBox()).y
    const early = await place()
    await page.locator('.shares li a').first().waitFor()
    assert.ok(Math.abs((await place()) - early) < 2)
  })
})

describe('an address that is wrong', () => {
  test('an event that is not there', async () => {
    await page.goto(`${demo.url}/t/main/events/LOG-2026-9999999`)
    await page.getByRole('heading', { name: 'Not found' }).waitFor()
    await page.goto(`${demo.url}/t/main/events?event=LOG-2026-9999999`)
    await page.locator('.panel').getByRole('heading', { name: 'Not found' }).waitFor()
    await page.locator('.rows [role=row] a').first().waitFor()
  })

  test('a page that is not there', async () => {
    for (const path of ['/t/main/nothing', '/t/main/settings/nothing']) {
      await page.goto(demo.url + path)
      await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    }
    const elsewhere = await page.goto(`${demo.url}/nothing/here`)
    assert.equal(elsewhere.status(), 404)
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    for (const path of ['/nothing/here', '/v1/nothing', '/log/main/nothing']) {
      const accept = path.startsWith('/v1') || path.startsWith('/log') ? 'text/html' : '*/*'
      const answer = await fetch(demo.url + path, { headers: { accept } })
      assert.match(answer.headers.get('content-type'), /problem/, path)
    }
  })

  test('a state that means nothing falls back to one that does', async () => {
    await page.goto(`${demo.url}/t/main/events?part=bogus&columns=bogus,time&live=7&split=x&chart=1&order=up&own=no&range=never&event=`)
    await page.locator('.rows [role=row] a').first().waitFor()
    await page.goto(`${demo.url}/t/main/overview?span=900y`)
    await page.getByRole('link', { name: /^Today/ }).waitFor()
    await page.goto(`${demo.url}/t/main/events/LOG-2026-0000100?part=bogus`)
    await page.getByRole('tab', { name: 'Summary', selected: true }).waitFor()
  })

  test('a range that is none is named, and one is offered', async () => {
    for (const range of ['from=garbage', 'from=2026-13-45&to=now', 'from=now&to=now-7d', `from=${encodeURIComponent('<b>')}`]) {
      await page.goto(`${demo.url}/t/main/events?${range}`)
      await page.getByRole('button', { name: 'Past 7 days' }).last().waitFor()
      await page.locator('.events-list').getByRole('button', { name: 'Past 7 days' }).click()
      await page.locator('.rows [role=row] a').first().waitFor()
    }
  })

  test('a search that cannot be read is marked where it is wrong', async () => {
    for (const q of ['action:(', '"open', 'severity:>=bogus', 'nofield:x', 'ip:999.1.1.1', 'records:ten', 'x'.repeat(4000)]) {
      await page.goto(`${demo.url}/t/main/events?q=${encodeURIComponent(q)}`)
      await page.waitForFunction(() => document.querySelector('.search-problem') || document.querySelector('[role=table][aria-busy=false]') || document.querySelector('.events-list .state h2'))
      if (!q.startsWith('xxx')) await page.locator('.search-problem').waitFor()
    }
  })

  test('a link that is cut short', async () => {
    for (const path of ['setup', 'invitation', 'reset', 'demo']) {
      const visit = await openPage(browser, demo.url)
      await visit.page.goto(`${demo.url}/${path}`)
      await visit.page.getByText(/This link is not complete|is set up already/).waitFor()
      await visit.page.goto(`${demo.url}/${path}#wrongwrongwrong`)
      await visit.page.reload()
      if (path === 'reset') {
        await visit.page.getByLabel(/^New password/).fill('nine tall otters walk')
        await visit.page.getByRole('button', { name: /Set the password/ }).click()
      }
      if (path !== 'setup') await visit.page.getByRole('alert').waitFor()
      const { violations } = await new AxeBuilder({ page: visit.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
      assert.deepEqual(violations.map((fault) => `${path}: ${fault.id} ${fault.nodes[0].html}`), [])
      await visit.context.close()
    }
  })
})

describe('a key that is wrong', () => {
  test('what is no key is refused with the reason', async () => {
    await page.goto(`${demo.url}/t/main/events/LOG-2026-0000100?part=proof`)
    for (const [pasted, words] of [
      ['nonsense', /this is no verifier key/],
      ['acme/main+584a66a9+AQOhB7', /this is no verifier key/],
      ['acme/main+584a66a9+AQOh', /not of Ed25519/],
      ['acme/main\n3\nroot\n\n\u2014 acme/main AQOhB7==\n', /this is a checkpoint and no verifier key/],
      ['acme/main+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4', /mistyped or changed/],
    ]) {
      await page.getByLabel('Verifier key from elsewhere').fill(pasted)
      await page.getByRole('button', { name: 'Pin and verify' }).click()
      await page.locator('.proof .mantine-InputWrapper-error').filter({ hasText: words }).waitFor()
    }
  })

  test('a checkpoint signed by nobody known is not proven', async () => {
    await page.route('**/proof?*', async (route) => {
      const response = await route.fetch()
      const document = JSON.parse(await response.text())
      const lines = document.checkpoint.split('\n')
      lines[1] = String(Number(lines[1]) + 1)
      await route.fulfill({ response, body: JSON.stringify({ ...document, checkpoint: lines.join('\n') }) })
    })
    await page.goto(`${demo.url}/t/main/events/LOG-2026-0000100?part=proof`)
    await page.getByRole('button', { name: 'Verify in this browser' }).click()
    await page.getByRole('heading', { name: 'Not proven' }).waitFor()
  })
})

describe('an export that runs', () => {
  test('is asked about before the page is left, and can be cancelled', async () => {
    await page.goto(`${demo.url}/t/main/events?range=all`)
    await page.locator('.rows [role=row] a').first().waitFor()
    let answerNow
    await page.route('**/v1/events/export?*', async (route) => {
      await new Promise((resolve) => (answerNow = resolve))
      await route.abort().catch(() => undefined)
    })
    await page.getByRole('button', { name: /^Export/ }).click()
    await page.getByRole('menuitem', { name: 'NDJSON, one event a line' }).click()
    const jobs = page.getByRole('complementary', { name: 'Exports' })
    await jobs.getByText(/^0 of [\d,]+ events/).waitFor()
    const asked = page.waitForEvent('dialog')
    const left = page.evaluate(() => location.reload())
    assert.equal((await asked).type(), 'beforeunload')
    await left.catch(() => undefined)
    // It was declined: the export goes on, on other screens as well.
    await page.getByRole('link', { name: 'Overview', exact: true }).first().click()
    await jobs.getByRole('button', { name: 'Cancel' }).click()
    await jobs.getByText('Cancelled. Nothing was kept.').waitFor()
    answerNow()
    await jobs.getByRole('button', { name: 'Close' }).click()
    // Nothing is asked when none runs.
    await page.reload()
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  })

  test('that is cut is not taken for whole', async () => {
    await page.route('**/v1/events/export?*', (route) => route.fulfill({ status: 200, contentType: 'application/x-ndjson', body: '{"display_id":"LOG-2026-0000001"}\n' }))
    await page.goto(`${demo.url}/t/main/events`)
    await page.locator('.rows [role=row] a').first().waitFor()
    await page.getByRole('button', { name: /^Export/ }).click()
    await page.getByRole('menuitem', { name: 'NDJSON, one event a line' }).click()
    await page.getByText('The connection broke before the end. Nothing was kept; export again.').waitFor()
  })
})

test('the browser had nothing to complain about', async () => {
  assert.deepEqual(complaints, [])
  await context.close()
})
