// An empty server from its first minute on: set-up, first event, a second owner, and what people do
// with keys, tenants, passwords and sessions. The password counts as just given for one second.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { asking, goTo, number, openBrowser, openPage, startServer } from '../annals.mjs'

const ADA = { name: 'Ada Owner', email: 'ada@example.com', password: 'nine tall otters walk' }
const BEN = { name: 'Ben Owner', email: 'ben@example.com', password: 'seven small herons fly' }

let server
let browser
let ada
let ben
let ask

before(async () => {
  server = await startServer('password-fresh-seconds = 1')
  browser = await openBrowser()
  ada = await openPage(browser, server.url)
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

const go = ({ page }, path) => goTo(page, server.url + path)
/** Gives the password where it is asked for; that it is asked for is part of the test. */
const confirm = async ({ page }, person) => {
  const dialog = page.getByRole('dialog', { name: 'Confirm with your password' })
  await dialog.getByLabel('Password', { exact: true }).fill(person.password)
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await dialog.waitFor({ state: 'detached' })
}
const stale = () => new Promise((resolve) => setTimeout(resolve, 1100))
const signIn = async ({ page }, person, password = person.password) => {
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel(/^Password/).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
/** What Annals itself recorded, newest first. */
const recorded = async (q) => (await ask(`/v1/events?limit=5&own=include&q=kind:own+${encodeURIComponent(q)}`)).events

describe('first run', () => {
  test('without the link nothing is set up, and the page says where the link is', async () => {
    await ada.page.goto(server.url)
    await ada.page.getByText('setup-link').waitFor()
  })

  test('the link makes the first owner; a weak password is refused at its field', async () => {
    const { page } = ada
    await page.goto(server.link)
    await page.getByLabel('Organization').fill('Acme')
    await page.getByLabel('Your name').fill(ADA.name)
    await page.getByLabel('E-mail address').fill(ADA.email)
    await page.getByLabel(/^Password/).fill('short')
    await page.getByRole('button', { name: 'Create the owner and sign in' }).click()
    await page.locator('.mantine-InputWrapper-error').waitFor()
    assert.equal(await page.getByLabel('Organization').inputValue(), 'Acme')
    await page.getByLabel(/^Password/).fill(ADA.password)
    await page.getByRole('button', { name: 'Create the owner and sign in' }).click()
    await page.waitForURL('**/t/main/overview')
  })

  test('the first event appears on the overview by itself', async () => {
    const { page } = ada
    await page.getByText('No application has sent an event yet').waitFor()
    await go(ada, '/t/main/events')
    await page.getByText('No application has sent an event yet').waitFor()
    await page.getByRole('link', { name: 'Create an API key' }).click()
    await stale()
    await page.getByRole('button', { name: 'Create a key' }).click()
    await page.getByLabel('Name').fill('erp')
    for (const scope of ['events:read', 'admin']) await page.getByLabel(new RegExp(`^${scope}`)).check()
    await page.getByRole('button', { name: 'Create the key' }).click()
    await confirm(ada, ADA)
    ask = asking(server.url, await page.locator('.secret code').innerText())
    await page.getByRole('button', { name: 'I have it' }).click()
    await go(ada, '/t/main/overview')
    await page.getByText('It appears here when it comes').waitFor()
    await ask('/v1/events', { action: 'customer.update', actor: { id: 'u-1', name: 'Uma' }, targets: [{ type: 'customer', id: 'C-1', name: 'Acme' }] })
    await page.getByText('No application has sent an event yet').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: /^Today\s*1\s*events$/ }).waitFor()
  })
})

describe('the password again', () => {
  test('is asked for when it was not given lately, a wrong one is refused, and the change is done once', async () => {
    const { page } = ada
    await go(ada, '/t/main/settings/keys')
    await stale()
    await page.getByRole('button', { name: 'Create a key' }).click()
    await page.getByLabel('Name').fill('backup')
    await page.getByRole('button', { name: 'Create the key' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm with your password' })
    await dialog.getByLabel('Password', { exact: true }).fill('not it')
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.locator('.mantine-InputWrapper-error').waitFor()
    await confirm(ada, ADA)
    await page.getByRole('button', { name: 'I have it' }).click()
    assert.equal(await page.getByRole('row', { name: /^backup/ }).count(), 1)
    assert.equal((await recorded('action:annals.session.reauthenticate')).length > 0, true)
  })

  test('can be declined: nothing happens, and what was typed stays', async () => {
    const { page } = ada
    await stale()
    await page.getByRole('button', { name: 'Create a key' }).click()
    const form = page.getByRole('dialog', { name: 'Create a key' })
    await form.getByLabel('Name').fill('nobody')
    await form.getByRole('button', { name: 'Create the key' }).click()
    await page.getByRole('dialog', { name: 'Confirm with your password' }).getByRole('button', { name: 'Cancel' }).click()
    await form.getByRole('alert').waitFor()
    assert.equal(await form.getByLabel('Name').inputValue(), 'nobody')
    await form.getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await page.getByRole('row', { name: /^nobody/ }).count(), 0)
  })
})

describe('people', () => {
  test('a second owner is invited and joins', async () => {
    await go(ada, '/t/main/settings/people')
    await stale()
    await ada.page.getByRole('button', { name: 'Invite a person' }).click()
    await ada.page.getByLabel('E-mail address').fill(BEN.email)
    await ada.page.getByRole('combobox', { name: 'Role' }).click()
    await ada.page.getByRole('option', { name: /^Owner/ }).click()
    await ada.page.getByRole('button', { name: 'Make the invitation' }).click()
    await confirm(ada, ADA)
    const link = await ada.page.locator('.secret code').innerText()
    await ada.page.getByRole('button', { name: 'I have it' }).click()
    ben = await openPage(browser, server.url)
    await ben.page.goto(link)
    await ben.page.getByText(`invited ${BEN.email} as Owner`).waitFor()
    await ben.page.getByLabel('Your name').fill(BEN.name)
    await ben.page.getByLabel(/^Password/).fill(BEN.password)
    await ben.page.getByRole('button', { name: 'Join' }).click()
    await ben.page.waitForURL('**/t/main/overview')
    await go(ada, '/t/main/settings/people')
    await ada.page.getByRole('row', { name: new RegExp(BEN.name) }).getByText('Owner').first().waitFor()
    // A link works once.
    const again = await openPage(browser, server.url)
    await again.page.goto(link)
    await again.page.getByRole('alert').waitFor()
    await again.context.close()
  })

  test('a reset link sets a new password and ends the sessions', async () => {
    await go(ada, '/t/main/settings/people')
    await ada.page.getByRole('button', { name: `Actions for ${BEN.name}` }).click()
    await ada.page.getByRole('menuitem', { name: /reset link/ }).click()
    await stale()
    await ada.page.getByLabel(`Type “${BEN.email}” to confirm`).fill(BEN.email)
    await ada.page.getByRole('button', { name: 'Make the reset link' }).click()
    await confirm(ada, ADA)
    const link = await ada.page.locator('.secret code').innerText()
    await ada.page.getByRole('button', { name: 'I have it' }).click()
    await go(ben, '/t/main/events?q=action:customer.update')
    const other = await openPage(browser, server.url)
    await other.page.goto(link)
    const old = BEN.password
    BEN.password = 'eleven quiet badgers dig'
    await other.page.getByLabel(/^New password/).fill(BEN.password)
    await other.page.getByRole('button', { name: 'Set the password and sign in' }).click()
    await other.page.waitForURL('**/t/main/overview')
    await other.context.close()
    // His first session has ended; the old password no longer opens one, the new one leads back.
    await ben.page.getByRole('button', { name: 'Ask again' }).click()
    await ben.page.waitForURL('**/sign-in?back=*')
    await signIn(ben, BEN, old)
    await ben.page.getByRole('alert').waitFor()
    await signIn(ben, BEN)
    await ben.page.waitForURL('**/t/main/events?q=action%3Acustomer.update')
  })

  test('sessions are listed and ended, one and all others', async () => {
    const phone = await openPage(browser, server.url)
    const laptop = await openPage(browser, server.url)
    for (const visit of [phone, laptop]) {
      await visit.page.goto(`${server.url}/sign-in`)
      await signIn(visit, BEN)
      await visit.page.waitForURL('**/t/main/overview')
    }
    await go(ben, '/t/main/account')
    const rows = ben.page.getByRole('region', { name: 'Sessions' }).getByRole('row')
    const before = await rows.count()
    await rows.getByRole('button', { name: 'End', exact: true }).first().click()
    await ben.page.waitForFunction((count) => document.querySelectorAll('[aria-label=Sessions] tr').length === count, before - 1)
    await ben.page.getByRole('button', { name: 'End all others' }).click()
    await ben.page.waitForFunction(() => document.querySelectorAll('[aria-label=Sessions] tr').length === 2)
    for (const visit of [phone, laptop]) {
      await visit.page.goto(`${server.url}/t/main/overview`)
      await visit.page.waitForURL('**/sign-in?back=*')
      await visit.context.close()
    }
  })

  test('an owner ends the sessions of another', async () => {
    await go(ben, '/t/main/overview')
    await go(ada, '/t/main/settings/people')
    await stale()
    await ada.page.getByRole('button', { name: `Actions for ${BEN.name}` }).click()
    await ada.page.getByRole('menuitem', { name: 'End all sessions' }).click()
    await confirm(ada, ADA)
    await ben.page.getByRole('link', { name: 'Events', exact: true }).first().click()
    await ben.page.waitForURL('**/sign-in?back=*')
    await signIn(ben, BEN)
    await ben.page.waitForURL('**/t/main/events')
  })
})

describe('a session that ends in the middle', () => {
  test('a form that was not sent yet stays, and is sent after signing in over it', async () => {
    const { page, context } = ben
    await go(ben, '/t/main/settings/teams')
    await page.getByRole('button', { name: 'Add a team' }).click()
    const form = page.getByRole('dialog', { name: 'Add a team' })
    await form.getByLabel('Name').fill('Night shift')
    await context.clearCookies()
    await form.getByRole('button', { name: 'Add the team' }).click()
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.getByText(BEN.email).waitFor()
    await dialog.getByLabel('Password', { exact: true }).fill('not it')
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.getByText('The password is wrong').waitFor()
    await dialog.getByLabel('Password', { exact: true }).fill(BEN.password)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('cell', { name: 'Night shift' }).waitFor()
    assert.match(page.url(), /settings\/teams$/)
  })

  test('a form also stays while the server is gone, and is sent when it is back', async () => {
    const { page } = ben
    await page.getByRole('button', { name: 'Add a team' }).click()
    const form = page.getByRole('dialog', { name: 'Add a team' })
    await form.getByLabel('Name').fill('Day shift')
    await server.pause()
    await form.getByRole('button', { name: 'Add the team' }).click()
    await form.getByRole('alert').getByText('Annals does not answer').waitFor()
    await server.resume()
    await form.getByRole('button', { name: 'Add the team' }).click()
    await page.getByRole('cell', { name: 'Day shift' }).waitFor()
  })

  test('following goes on by itself when the server is back', async () => {
    const { page } = ben
    await go(ben, '/t/main/events?live=1')
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
    await server.pause()
    await page.getByRole('button', { name: 'Reconnecting' }).waitFor()
    const told = page.getByRole('status').filter({ hasText: 'Not following: Annals does not answer.' })
    await told.waitFor()
    await server.resume()
    await ask('/v1/events', { action: 'customer.update', actor: { id: 'u-2' }, message: 'sent while nobody followed' })
    await page.getByText('sent while nobody followed').waitFor()
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
    await told.waitFor({ state: 'detached' })
    // Nothing is missed and nothing doubled, though it stops as soon as it has answered and more comes as soon as it is back.
    const sent = []
    for (let round = 0; round < 3; round += 1) {
      for (let more = 0; more < 5; more += 1) {
        sent.push(`round ${round}, number ${more}`)
        await ask('/v1/events', { action: 'round.update', actor: { id: 'u-3' }, message: sent.at(-1) })
        if (more === 2) {
          await server.pause()
          await server.resume()
        }
      }
    }
    await page.getByText(sent.at(-1)).waitFor({ timeout: 40_000 })
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor({ timeout: 40_000 })
    const rows = (await page.locator('.rows [role=row]').allInnerTexts()).map((text) => /round \d, number \d/.exec(text)?.[0]).filter(Boolean)
    assert.deepEqual(rows, sent.toReversed())
    assert.equal(number(await page.locator('.total').innerText()), (await ask('/v1/events?from=now-7d&limit=1')).total)
  })
})

describe('keys', () => {
  test('a key is rotated: both work for a while, then only the new one', async () => {
    const { page } = ada
    const sends = async (key) => (await fetch(`${server.url}/v1/events`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: '{"action":"customer.view","actor":{"id":"k"}}' })).status
    const secret = async () => {
      const text = await page.locator('.secret code').innerText()
      await page.getByRole('button', { name: 'I have it' }).click()
      return text
    }
    await go(ada, '/t/main/settings/keys')
    await stale()
    await page.getByRole('button', { name: 'Create a key' }).click()
    await page.getByLabel('Name').fill('shop')
    await page.getByRole('button', { name: 'Create the key' }).click()
    await confirm(ada, ADA)
    const first = await secret()
    const rotate = async (overlap) => {
      await page.getByRole('row', { name: /^shop/ }).filter({ hasNotText: 'until' }).getByRole('button', { name: 'Rotate' }).click()
      await page.getByRole('combobox', { name: 'The old key works for' }).click()
      await page.getByRole('option', { name: overlap, exact: true }).click()
      await stale()
      await page.getByRole('button', { name: 'Make the new key' }).click()
      await confirm(ada, ADA)
      return secret()
    }
    const second = await rotate('an hour')
    assert.deepEqual([await sends(first), await sends(second)], [200, 200])
    await page.getByRole('row', { name: /^shop/ }).filter({ hasText: 'until' }).waitFor()
    const third = await rotate('no longer')
    assert.deepEqual([await sends(second), await sends(third)], [401, 200])
  })
})

describe('tenants', () => {
  test('one is made, and deleted only by two owners', async () => {
    const { page } = ada
    await go(ada, '/t/main/settings/tenants')
    await stale()
    await page.getByRole('button', { name: 'Create a tenant' }).click()
    await page.getByLabel('Organization').fill('Acme Labs')
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('labs')
    await page.getByRole('button', { name: 'Create the tenant' }).click()
    await confirm(ada, ADA)
    await page.getByRole('row', { name: /Acme Labs/ }).waitFor()
    await go(ada, '/t/labs/settings/people')
    await stale()
    await page.getByRole('button', { name: 'Invite a person' }).click()
    await page.getByLabel('E-mail address').fill(BEN.email)
    await page.getByRole('combobox', { name: 'Role' }).click()
    await page.getByRole('option', { name: /^Owner/ }).click()
    await page.getByRole('button', { name: 'Make the invitation' }).click()
    await confirm(ada, ADA)
    const link = await page.locator('.secret code').innerText()
    await page.getByRole('button', { name: 'I have it' }).click()
    await ben.page.goto(link)
    await ben.page.getByLabel(/^Password of your account/).fill(BEN.password)
    await ben.page.getByRole('button', { name: 'Join' }).click()
    await ben.page.waitForURL('**/t/*/overview')

    await go(ada, '/t/main/settings/tenants')
    const row = (visit) => visit.page.getByRole('row', { name: /Acme Labs/ })
    await row(ada).getByRole('button', { name: 'Delete' }).click()
    await stale()
    await page.getByLabel('Type “labs” to confirm').fill('labs')
    await page.getByRole('button', { name: 'Ask for the deletion' }).click()
    await confirm(ada, ADA)
    await row(ada).getByText(`deletion asked for by ${ADA.name}`).waitFor()
    // Who asked cannot confirm.
    assert.equal(await row(ada).getByRole('button', { name: 'Confirm the deletion' }).count(), 0)
    await go(ben, '/t/labs/settings/tenants')
    await row(ben).getByRole('button', { name: 'Confirm the deletion' }).click()
    await stale()
    await ben.page.getByLabel('Type “labs” to confirm').fill('labs')
    await ben.page.getByRole('button', { name: 'Delete the tenant and its ledger' }).click()
    await confirm(ben, BEN)
    // The page he stood on is gone with it.
    await ben.page.waitForURL('**/t/main/settings/tenants')
    await row(ben).waitFor({ state: 'detached' })
    await ben.page.goto(`${server.url}/t/labs/overview`)
    await ben.page.getByRole('heading', { name: 'Not found' }).waitFor()
  })
})

test('the browsers had nothing to complain about', () => assert.deepEqual([...ada.complaints, ...ben.complaints], []))
