// Starts the built binary with its made-up company, and a browser that looks at it.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const home = dirname(fileURLToPath(import.meta.url))

/** The binary: `ANNALS_BIN`, else the newest place cargo puts a release. */
function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(home, '../target')
  const path = process.env.ANNALS_BIN ?? join(target, 'release/annals')
  if (!existsSync(path)) throw new Error(`${path} is missing; build it with cargo build --release`)
  return path
}

/** Debian's Chromium unless `CHROMIUM` names another one. */
export function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
}

/** Runs the binary until what it says holds all it is waited for; `read` answers that, or nothing yet. */
async function start(args, read) {
  const child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const name = `annals ${args[0]}`
  let said = ''
  const ready = new Promise((resolve, reject) => {
    const listen = (bytes) => {
      said += bytes
      const found = read(said)
      if (found) resolve(found)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('exit', (code) => reject(new Error(`${name} ended with ${code}: ${said}`)))
    setTimeout(() => reject(new Error(`${name} is not ready after a minute: ${said}`)), 60_000).unref()
  })
  const found = await ready.catch((error) => {
    child.kill('SIGTERM')
    throw error
  })
  const stop = async () => {
    child.removeAllListeners('exit')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  return { ...found, stop }
}

/** Questions to the API with a key. */
export function asking(url, key) {
  return async (path, body) => {
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}

/** Starts `annals demo` on a free port. `link` signs in without a password; `printed` is all it says. */
export async function startDemo() {
  const data = mkdtempSync(join(tmpdir(), 'annals-e2e-'))
  const demo = await start(['demo', '--data', data, '--listen', '127.0.0.1:0'], (said) => {
    const url = /URL\s+(http:\/\/\S+)/.exec(said)?.[1]
    const key = /API key\s+(ann_\S+)/.exec(said)?.[1]
    const link = /(http:\/\/\S+\/(?:#demo=|demo#)\S+)/.exec(said)?.[1]
    return url && key && link && said.includes('Ctrl-C') && { url, key, link, printed: said }
  })
  const stop = async () => {
    await demo.stop()
    rmSync(data, { recursive: true, force: true })
  }
  return { ...demo, ask: asking(demo.url, demo.key), stop }
}

/** Starts an empty `annals serve` with these lines as its `annals.toml`. `link` makes the first owner. */
export async function startServer(settings = '') {
  const data = mkdtempSync(join(tmpdir(), 'annals-e2e-'))
  writeFileSync(join(data, 'annals.toml'), settings)
  const run = (listen, said) =>
    start(['serve', '--data', data, '--listen', listen], (text) => {
      const url = /"listening": "(http:[^"]+)"/.exec(text)?.[1]
      return url && text.includes(said) && { url }
    })
  let running = await run('127.0.0.1:0', 'Make the first owner')
  const { url } = running
  return {
    url,
    link: readFileSync(join(data, 'setup-link'), 'utf8').trim(),
    /** Until `resume` nothing answers at this address. */
    pause: () => running.stop(),
    resume: async () => {
      running = await run(new URL(url).host, '')
    },
    stop: async () => {
      await running.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** A page that is signed in, as `openPage` makes it. */
export async function signIn(browser, demo, options = {}) {
  const visit = await openPage(browser, demo.url, options)
  await visit.page.goto(demo.link)
  await visit.page.waitForURL('**/t/main/overview')
  return visit
}

/**
 * A page of its own, signed in as nobody. `complaints` fills with whatever must not be: errors of
 * scripts, what the content security policy stopped, dialogs of the browser, and every request that
 * leaves `url`.
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Berlin', acceptDownloads: true, ...options })
  // A picker for files cannot be answered here; without it the browser downloads.
  await context.addInitScript(() => delete window.showSaveFilePicker)
  const complaints = []
  context.on('request', (request) => {
    const asked = new URL(request.url())
    if (asked.origin !== url && asked.protocol !== 'data:' && asked.protocol !== 'blob:') complaints.push(`a request to ${request.url()}`)
  })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    if (dialog.type() !== 'beforeunload') complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(`${message.text()} (${page.url()}, ${message.location().url})`)
  })
  return { page, context, complaints }
}

/** The number in a text. */
export const number = (text) => Number(text.replaceAll(/[^\d]/g, ''))

/** Opens a screen and waits for its title. */
export async function goTo(page, address) {
  await page.goto(address)
  await page.locator('main h1').first().waitFor()
}

/** Waits until the list of events is answered, with rows or with why there are none. */
export const settle = (page) => page.waitForFunction(() => document.querySelector('[role=table][aria-busy=false]') || document.querySelector('.events-list .state h2'))

/** How many events the list says there are. */
export const readTotal = (page) => page.locator('.total').filter({ hasText: /\d/ }).innerText().then(number)
