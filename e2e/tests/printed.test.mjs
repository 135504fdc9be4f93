// What the demo prints to be copied works as it is printed, in the order it is printed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startDemo } from '../annals.mjs'

let demo
let folder

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'annals-e2e-'))
  demo = await startDemo()
})

after(async () => {
  await demo?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a line in a shell; one that goes on is ended when it has said something. */
function run(line, goesOn) {
  const child = spawn('sh', ['-c', `exec 2>&1; ${line}`], { cwd: folder, env: { ...process.env, ANNALS_URL: demo.url, ANNALS_KEY: demo.key }, detached: true })
  let said = ''
  // What follows events needs one.
  const locks = goesOn && setInterval(() => void demo.ask('/v1/events', { action: 'account.lock', actor: { id: 'u-1' } }).catch(() => undefined), 1000)
  return new Promise((resolve) => {
    child.stdout.on('data', (bytes) => {
      said += bytes
      if (goesOn) process.kill(-child.pid)
    })
    child.on('close', (code) => {
      clearInterval(locks)
      resolve({ code, said })
    })
  })
}

test('every command that the demo prints does what it says', async () => {
  const lines = demo.printed.split('\n').filter((line) => /^ {2}(\/|echo |curl )/.test(line))
  assert.ok(lines.length >= 11, demo.printed)
  for (const line of lines) {
    // Where there is no curl its question is asked all the same.
    const asked = /curl .*"\$ANNALS_URL([^"]*)"/.exec(line)?.[1]
    if (asked) {
      const answer = await demo.ask(asked)
      assert.ok((answer.events ?? answer.values).length > 0, line)
      continue
    }
    const goesOn = line.includes(' tail ')
    const { code, said } = await run(line, goesOn)
    if (!goesOn) assert.equal(code, 0, `${line}\n${said}`)
    assert.ok(said.trim(), line)
    assert.doesNotMatch(said, /^error/m, line)
  }
})
