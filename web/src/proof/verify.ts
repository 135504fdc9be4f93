//! Checks a proof document in the browser, step by step, and says what each step showed.

import { t } from '../words/i18n'
import { equal, fromBase64, toBase64, toHex } from './bytes'
import { Digits, type Json, type JsonObject, canonical, isObject, parseJson } from './json'
import { bodyRoot, commitment, flatten, grew, leafHash, parseEntry, rootOf } from './leaf'
import { type Checkpoint, openCheckpoint, parseVerifierKey } from './note'

export interface Step {
  ok: boolean
  /** What was checked, in words. */
  words: string
  /** The value that was computed or found, for people who compare it with another tool. */
  value?: string
}

export interface Verdict {
  ok: boolean
  steps: Step[]
  /** Fields that are withheld or erased. */
  withheld: number
  fields: number
  /** Events the checkpoint covers. */
  size?: bigint
  origin?: string
  /** What the checkpoint signed, once its signature held. */
  checkpoint?: Checkpoint
  /** The place of the event in the log. */
  index?: bigint
}

class Wrong extends Error {}

/** Checks the document against the key; the document's own key is not trusted. */
export async function verifyProof(text: string, vkey: string): Promise<Verdict> {
  const verdict: Verdict = { ok: false, steps: [], withheld: 0, fields: 0 }
  const held = (words: string, value?: string) => verdict.steps.push({ ok: true, words, value })
  try {
    const document = objectOf(parseJson(text), t('The proof is no JSON object'))
    const event = objectOf(document.get('event'), t('The proof has no event'))
    const entryBytes = fromBase64(stringOf(document, 'entry'))
    const entry = parseEntry(entryBytes)
    const listed = document.get('fields')
    if (!Array.isArray(listed)) throw new Wrong(t('The proof has no list of fields'))
    verdict.fields = entry.fieldCount

    if (listed.length === 0) {
      if (event.has('action')) throw new Wrong(t('The proof shows an event but none of its fields'))
      verdict.withheld = entry.fieldCount
      held(t('The event was erased: what is proven is that an event of its category and time stands at its place.'))
    } else {
      await checkFields(listed, event, entry.fieldCount, entry.bodyRoot, verdict)
    }
    checkFrame(event, document, entry)
    held(t('Number in the ledger, time of receipt, kind and display id agree with the entry.'))

    const leaf = await leafHash(entryBytes)
    held(t('The entry was hashed to its leaf of the tree.'), toHex(leaf))

    const checkpoint = await openCheckpoint(stringOf(document, 'checkpoint'), await parseVerifierKey(vkey))
    verdict.size = checkpoint.size
    verdict.origin = checkpoint.origin
    verdict.checkpoint = checkpoint
    held(t('The checkpoint of “{{origin}}” over {{size}} events carries a valid Ed25519 signature of the pinned key.', { origin: checkpoint.origin, size: checkpoint.size.toString() }))

    const index = wholeNumber(document.get('index'))
    const path = document.get('path')
    if (index === undefined || !Array.isArray(path)) throw new Wrong(t('The proof has no path through the tree'))
    const hashes = path.map((hash) => fromBase64(typeof hash === 'string' ? hash : ''))
    const root = await rootOf(leaf, index, checkpoint.size, hashes)
    if (!root || !equal(root, checkpoint.root)) throw new Wrong(t('The path from this event does not lead to the signed root of the tree'))
    held(t('The path of {{count}} hashes from the leaf leads to the root that was signed.', { count: hashes.length }), toBase64(root))
    verdict.index = index
    verdict.ok = true
  } catch (error) {
    verdict.steps.push({ ok: false, words: error instanceof Error ? error.message : String(error) })
  }
  return verdict
}

/** The path between two sizes of the log, or nothing where the log is shorter than the newer one. */
export type PathBetween = (from: bigint, to: bigint) => Promise<string[] | undefined>

/**
 * Holds what the server shows of an event to a checkpoint somebody kept: the log of one is the
 * beginning of the log of the other. `shown` is the verdict over the event's own proof.
 */
export async function holdToCheckpoint(shown: Verdict, kept: string, vkey: string, between: PathBetween): Promise<Verdict> {
  const verdict: Verdict = { ok: false, steps: [], withheld: 0, fields: 0 }
  const held = (words: string, value?: string) => verdict.steps.push({ ok: true, words, value })
  try {
    const { checkpoint: now, index } = shown
    if (!shown.ok || !now || index === undefined) throw new Wrong(t('The event’s own proof does not hold, so there is nothing to hold to the checkpoint'))
    const checkpoint = await openCheckpoint(noteOf(kept), await parseVerifierKey(vkey))
    verdict.checkpoint = checkpoint
    verdict.size = checkpoint.size
    verdict.origin = checkpoint.origin
    held(t('The checkpoint from elsewhere, over {{size}} events of “{{origin}}”, carries a valid signature of the pinned key.', { origin: checkpoint.origin, size: checkpoint.size.toString() }), toBase64(checkpoint.root))
    const [old, grown] = checkpoint.size <= now.size ? [checkpoint, now] : [now, checkpoint]
    const path = await between(old.size, grown.size)
    if (!path) throw new Wrong(t('The log that this server shows is shorter than the one that was signed: events are missing from it'))
    if (!(await grew(old.size, old.root, grown.size, grown.root, path.map(fromBase64)))) {
      throw new Wrong(t('The log that was signed then is not the beginning of the log that this server shows: its history was changed'))
    }
    held(t('The log of {{old}} events is the beginning of the log of {{grown}} events: nothing in it was changed, removed, inserted or backdated in between.', { old: old.size.toString(), grown: grown.size.toString() }), toBase64(grown.root))
    held(
      index < checkpoint.size
        ? t('This event stood at its place when the checkpoint was signed.')
        : t('This event was recorded after the checkpoint was signed.'),
    )
    verdict.ok = true
  } catch (error) {
    verdict.steps.push({ ok: false, words: error instanceof Error ? error.message : String(error) })
  }
  return verdict
}

/** A note as it was signed, where mail or a text field changed its line ends or took the last one. */
function noteOf(pasted: string): string {
  return `${pasted.replaceAll(/\r\n?/g, '\n').trim()}\n`
}

async function checkFields(listed: Json[], event: JsonObject, fieldCount: number, expected: Uint8Array, verdict: Verdict): Promise<void> {
  const commitments: Uint8Array[] = []
  const shown = new Map<string, string>()
  for (const item of listed) {
    const field = objectOf(item, t('The proof has a field that is none'))
    const hidden = field.get('commitment')
    if (typeof hidden === 'string') {
      commitments.push(fromBase64(hidden))
      verdict.withheld += 1
      continue
    }
    const value = field.get('value')
    if (value === undefined) throw new Wrong(t('The proof has a field without a value'))
    const one = { path: stringOf(field, 'path'), value: canonical(value) }
    commitments.push(await commitment(fromBase64(stringOf(field, 'salt')), one))
    if (shown.has(one.path)) throw new Wrong(t('The proof shows {{path}} twice', { path: one.path }))
    shown.set(one.path, one.value)
  }
  if (commitments.length !== fieldCount) {
    throw new Wrong(t('The entry counts {{expected}} fields, the proof has {{found}}', { expected: fieldCount, found: commitments.length }))
  }
  const root = await bodyRoot(commitments)
  if (!equal(root, expected)) throw new Wrong(t('The fields do not hash to the body root in the entry: a value, a name or an order was changed'))
  verdict.steps.push({
    ok: true,
    words: verdict.withheld
      ? t('{{shown}} of {{count}} fields, with their salts, hash to the body root in the entry; {{withheld}} are withheld behind their commitments.', { shown: shown.size, count: fieldCount, withheld: verdict.withheld })
      : t('All {{count}} fields, with their salts, hash to the body root in the entry.', { count: fieldCount }),
    value: toHex(root),
  })
  const displayed = flatten(event).filter((field) => !(field.value === '{}' && /^\/(targets|changes)\/\d+$/.test(field.path)))
  for (const field of displayed) {
    if (shown.get(field.path) !== field.value) throw new Wrong(t('The event shows {{path}} in a way that is not what was hashed', { path: field.path }))
  }
  if (displayed.length !== shown.size) throw new Wrong(t('The event lacks a field that was hashed'))
  verdict.steps.push({ ok: true, words: t('What the event shows is, field by field, what was hashed.') })
}

function checkFrame(event: JsonObject, document: JsonObject, entry: ReturnType<typeof parseEntry>): void {
  const index = wholeNumber(document.get('index'))
  const receivedAt = microseconds(event.get('received_at'))
  const year = new Date(Number(entry.receivedAt / 1000n)).getUTCFullYear()
  const displayId = `LOG-${year}-${String(index).padStart(7, '0')}`
  if (index === undefined || wholeNumber(event.get('sequence')) !== index) throw new Wrong(t('The event names another place in the ledger than the proof'))
  if (receivedAt !== entry.receivedAt) throw new Wrong(t('The event names another time of receipt than the entry'))
  if (wholeNumber(event.get('kind')) !== BigInt(entry.kind)) throw new Wrong(t('The event names another kind than the entry'))
  if (event.get('display_id') !== displayId) throw new Wrong(t('The event is called {{found}}, its place makes it {{expected}}', { found: String(event.get('display_id')), expected: displayId }))
  const category = event.get('category')
  if (category !== undefined && category !== entry.category) throw new Wrong(t('The event names another category than the entry'))
}

function objectOf(value: Json | undefined, wrong: string): JsonObject {
  if (!isObject(value)) throw new Wrong(wrong)
  return value
}

function stringOf(object: JsonObject, name: string): string {
  const value = object.get(name)
  if (typeof value !== 'string') throw new Wrong(t('The proof has no {{name}}', { name }))
  return value
}

function wholeNumber(value: Json | undefined): bigint | undefined {
  return value instanceof Digits && /^\d{1,19}$/.test(value.text) ? BigInt(value.text) : undefined
}

function microseconds(value: Json | undefined): bigint | undefined {
  const match = typeof value === 'string' ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(value) : null
  if (!match) return undefined
  return BigInt(Date.parse(`${match[1]}Z`)) * 1000n + BigInt((match[2] ?? '').padEnd(6, '0'))
}
