// Scrolls through the whole list of the made-up company and prints how long frames took. Run it with nothing else
// running: `npm run scrolling [-- pixels a frame]`.
import { openBrowser, startDemo, signIn } from './annals.mjs'

const ROW_PX = 32

const demo = await startDemo()
const browser = await openBrowser()
const { page } = await signIn(browser, demo)
for (const pixels of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [120, 700, 3000]) {
  await page.goto(`${demo.url}/t/main/events?from=2020-01-01`)
  await page.locator('[data-row="0"] a').waitFor()
  await page.waitForTimeout(1000)
  const seen = await page.evaluate(walk, { pixels, row: ROW_PX, longest: 240_000 })
  console.log(JSON.stringify({ pixels_a_frame: pixels, ...seen }))
}
await browser.close()
await demo.stop()

/** In the page: scrolls by so many pixels a frame to the end, or for so long. */
async function walk({ pixels, row, longest }) {
  const box = document.querySelector('.table-scroll')
  const frames = []
  let [blank, shown] = [0, 0]
  const begun = performance.now()
  let before = begun
  // Nothing here asks for the layout: that would cost more than the scrolling.
  const height = box.clientHeight
  const end = box.scrollHeight - height
  let top = 0
  while (top < end && performance.now() - begun < longest) {
    top += pixels
    box.scrollTop = top
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    frames.push(now - before)
    before = now
    const [first, last] = [Math.ceil(top / row), Math.floor((top + height) / row) - 2]
    const there = new Map([...box.querySelectorAll('[data-row]')].map((one) => [Number(one.dataset.row), one]))
    for (let at = first; at <= last && top < end; at += 1) {
      shown += 1
      if (!there.has(at) || there.get(at).querySelector('.skeleton')) blank += 1
    }
  }
  frames.sort((one, other) => one - other)
  const at = (share) => Number(frames[Math.floor(share * (frames.length - 1))].toFixed(1))
  const memory = performance.memory ? Math.round(performance.memory.usedJSHeapSize / 2 ** 20) : undefined
  return { rows: Math.round(top / row), seconds: Math.round((performance.now() - begun) / 1000), frame_ms: { p50: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1) }, over_50_ms: frames.filter((one) => one > 50).length, frames: frames.length, blank_rows_percent: Number(((100 * blank) / shown).toFixed(2)), heap_mib: memory }
}
