// Starts the built binary with its made-up company, and a browser that looks at it.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
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

/** Starts `annals demo` on a free port. `link` signs in without a password. */
export async function startDemo() {
  const data = mkdtempSync(join(tmpdir(), 'annals-e2e-'))
  const child = spawn(binary(), ['demo', '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ready = new Promise((resolve, reject) => {
    const listen = (bytes) => {
      said += bytes
      const url = /URL\s+(http:\/\/\S+)/.exec(said)?.[1]
      const key = /API key\s+(ann_\S+)/.exec(said)?.[1]
      const link = /(http:\/\/\S+\/(?:#demo=|demo#)\S+)/.exec(said)?.[1]
      if (url && key && link) resolve({ url, key, link })
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('exit', (code) => reject(new Error(`annals demo ended with ${code}: ${said}`)))
    setTimeout(() => reject(new Error(`annals demo is not ready after a minute: ${said}`)), 60_000).unref()
  })
  const started = await ready.catch((error) => {
    child.kill('SIGTERM')
    throw error
  })
  const stop = async () => {
    child.removeAllListeners('exit')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  /** A question to the API with the demo's key. */
  const ask = async (path, body) => {
    const response = await fetch(started.url + path, {
      method: body ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${started.key}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  return { ...started, ask, stop }
}

/**
 * A page that is signed in. `complaints` fills with whatever the browser reports: errors of scripts
 * and everything the content security policy stopped.
 */
export async function signIn(browser, demo, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Berlin', acceptDownloads: true, ...options })
  // A picker for files cannot be answered here; without it the browser downloads.
  await context.addInitScript(() => delete window.showSaveFilePicker)
  const page = await context.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  await page.goto(demo.link)
  await page.getByRole('button', { name: 'Look around' }).click()
  await page.waitForURL('**/t/main/overview')
  return { page, context, complaints }
}
