import { readFileSync, readdirSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { fromBase64, fromHex, joined, sha256, toBase64, toHex, utf8 } from './bytes'
import { Digits, type Json, type JsonObject, canonical, parseJson } from './json'
import { bodyRoot, commitment, flatten, grew, leafHash, parseEntry, rootOf } from './leaf'
import { openCheckpoint, parseVerifierKey } from './note'
import { type Verdict, holdToCheckpoint, verifyProof } from './verify'

const EVENTS = new URL('../../../crates/event/tests/data/v1/events/', import.meta.url)
const MERKLE = new URL('../../../crates/merkle/tests/data/v1/', import.meta.url)
const ORIGIN = 'acme/main'

interface Vector {
  fields: { path: string; value: string; salt: string; commitment: string }[]
  kind: number
  sequence: number
  received_at_micros: number
  body_root: string
  entry: string
  leaf: string
}

const vectors = readdirSync(EVENTS).map((name) => [name, JSON.parse(readFileSync(new URL(name, EVENTS), 'utf8')) as Vector] as const)

test('there are vectors', () => expect(vectors.length).toBeGreaterThan(5))

describe.each(vectors)('%s', (_, vector) => {
  test('commitments, body root, entry and leaf are those of the format', async () => {
    const commitments = await Promise.all(vector.fields.map((field) => commitment(fromHex(field.salt), field)))
    expect(commitments.map(toHex)).toEqual(vector.fields.map((field) => field.commitment))
    expect(toHex(await bodyRoot(commitments))).toBe(vector.body_root)
    const entry = parseEntry(fromHex(vector.entry))
    expect(entry).toMatchObject({ kind: vector.kind, receivedAt: BigInt(vector.received_at_micros), fieldCount: vector.fields.length })
    expect(toHex(await leafHash(fromHex(vector.entry)))).toBe(vector.leaf)
  })

  test('an event put together from its fields flattens to the same fields', () => {
    const shown = vector.fields.map(({ path, value }) => ({ path, value }))
    expect(flatten(assembled(vector))).toEqual(shown)
  })

  test('its proof document holds', async () => {
    const { text, vkey } = await proofOf(vector)
    const verdict = await verifyProof(text, vkey)
    expect(verdict.steps.filter((step) => !step.ok)).toEqual([])
    expect(verdict).toMatchObject({ ok: true, withheld: 0, fields: vector.fields.length, size: 5n })
  })

  test('it holds with a field withheld', async () => {
    if (vector.fields.length < 3) return
    const { text, vkey } = await proofOf(vector, vector.fields.length - 1)
    expect(await verifyProof(text, vkey)).toMatchObject({ ok: true, withheld: 1 })
  })
})

const [, whole] = vectors.find(([name]) => name === 'every-field.json')!

describe('a changed document does not hold', () => {
  test.each([
    ['a value in the event', 'Acme Corporation"', 'Acme Corporatiom"', /not what was hashed|do not hash/],
    ['the digits of a number', '15000.00', '15000.0', /do not hash|not what was hashed/],
    ['a place', '"index":3', '"index":2', /another place/],
    ['a time', '"received_at":"2026-01-22', '"received_at":"2026-01-21', /another time/],
    ['a display id', '"display_id":"LOG-2026', '"display_id":"LOG-2025', /is called/],
  ])('%s', async (_, from, to, expected) => {
    const { text, vkey } = await proofOf(whole)
    expect(text).toContain(from)
    const verdict = await verifyProof(text.replace(from, to), vkey)
    expect(verdict.ok).toBe(false)
    expect(verdict.steps.at(-1)!.words).toMatch(expected)
  })

  test('every single character of fields, entry, path and checkpoint counts', async () => {
    const { text, vkey } = await proofOf(whole)
    for (let at = text.indexOf('"fields"'); at < text.length; at += 37) {
      const sign = text[at] === 'A' ? 'B' : 'A'
      if (!/[A-Za-z0-9+/]/.test(text[at]!)) continue
      const verdict = await verifyProof(text.slice(0, at) + sign + text.slice(at + 1), vkey)
      const key = text.indexOf('"vkey"')
      if (at < key) expect(verdict.ok, `character ${at}: ${text.slice(at - 20, at + 20)}`).toBe(false)
    }
  })

  test('another key', async () => {
    const { text } = await proofOf(whole)
    const other = await vkeyOf(ed25519.getPublicKey(new Uint8Array(32).fill(9)), ORIGIN)
    expect((await verifyProof(text, other)).steps.at(-1)).toMatchObject({ ok: false, words: expect.stringContaining('not signed with this key') })
  })
})

test('the published example of a checkpoint and its proof holds', async () => {
  const read = (name: string) => readFileSync(new URL(name, MERKLE), 'utf8')
  const verifier = await parseVerifierKey(read('vkey'))
  const checkpoint = await openCheckpoint(read('checkpoint'), verifier)
  expect(checkpoint.size).toBe(5n)
  const [head, note] = splitOnce(read('entry-3.tlog-proof'), '\n\n')
  expect(await openCheckpoint(note, verifier)).toEqual(checkpoint)
  const path = head.split('\n').slice(2).map(fromBase64)
  const entry = joined(utf8('example entry 3'), new Uint8Array(45 - 15))
  expect(await rootOf(await leafHash(entry), 3n, 5n, path)).toEqual(checkpoint.root)
  expect(await rootOf(await leafHash(entry), 2n, 5n, path)).not.toEqual(checkpoint.root)
  expect(await rootOf(await leafHash(entry), 3n, 5n, path.slice(1))).toBeUndefined()
})

/** The root of leaves, by the definition (RFC 9162, 2.1.1). */
async function rootBy(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0]!
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return sha256(Uint8Array.of(1), await rootBy(leaves.slice(0, half)), await rootBy(leaves.slice(half)))
}

/** The path between two sizes, by the definition (RFC 9162, 2.1.4.1). */
async function pathBy(old: number, leaves: Uint8Array[], whole = true): Promise<Uint8Array[]> {
  if (old === leaves.length) return whole ? [] : [await rootBy(leaves)]
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  if (old <= half) return [...(await pathBy(old, leaves.slice(0, half), whole)), await rootBy(leaves.slice(half))]
  return [...(await pathBy(old - half, leaves.slice(half), false)), await rootBy(leaves.slice(0, half))]
}

test('a log grew out of its beginnings and out of nothing else', async () => {
  const leaves = await Promise.all(Array.from({ length: 21 }, (_, at) => leafHash(utf8(`leaf ${at}`))))
  for (let size = 1; size <= leaves.length; size += 1) {
    const now = leaves.slice(0, size)
    const root = await rootBy(now)
    for (let old = 1; old <= size; old += 1) {
      const before = await rootBy(leaves.slice(0, old))
      const path = await pathBy(old, now)
      const asked = async (...given: [Uint8Array, Uint8Array, Uint8Array[]]) => grew(BigInt(old), given[0], BigInt(size), given[1], given[2])
      expect(await asked(before, root, path), `${old} of ${size}`).toBe(true)
      const other = await sha256(before)
      expect(await asked(other, root, path)).toBe(false)
      expect(await asked(before, other, path)).toBe(false)
      expect(await asked(before, root, [...path, other])).toBe(false)
      for (let at = 0; at < path.length; at += 1) {
        expect(await asked(before, root, path.toSpliced(at, 1)), `${old} of ${size} without ${at}`).toBe(false)
        expect(await asked(before, root, path.with(at, other)), `${old} of ${size} with another ${at}`).toBe(false)
      }
    }
  }
  expect(await grew(3n, await rootBy(leaves.slice(0, 3)), 2n, await rootBy(leaves.slice(0, 2)), [])).toBe(false)
})

describe('a checkpoint from elsewhere', () => {
  const read = (name: string) => readFileSync(new URL(name, MERKLE), 'utf8')
  const shown = async (size: bigint, root: Uint8Array): Promise<Verdict> => ({ ok: true, steps: [], withheld: 0, fields: 1, index: 3n, checkpoint: { origin: ORIGIN, size, root } })
  const failed = async (verdict: Promise<Verdict>) => {
    const { ok, steps } = await verdict
    expect(ok).toBe(false)
    return steps.at(-1)!.words
  }
  const kept = read('checkpoint')
  const vkey = read('vkey').trim()
  const root = async () => (await openCheckpoint(kept, await parseVerifierKey(vkey))).root
  const none = async () => []

  test('holds, also with the line ends of mail', async () => {
    const verdict = await holdToCheckpoint(await shown(5n, await root()), `  ${kept.trimEnd().replaceAll('\n', '\r\n')}`, vkey, none)
    expect(verdict).toMatchObject({ ok: true, size: 5n, origin: ORIGIN })
    expect(verdict.steps.at(-1)!.words).toContain('stood at its place')
  })

  test('does not hold for a history that was changed, or is shorter', async () => {
    expect(await failed(holdToCheckpoint(await shown(5n, await sha256()), kept, vkey, none))).toContain('its history was changed')
    expect(await failed(holdToCheckpoint(await shown(4n, await sha256()), kept, vkey, async () => undefined))).toContain('events are missing')
  })

  test('is named for what it is where it is none', async () => {
    const now = await shown(5n, await root())
    expect(await failed(holdToCheckpoint(now, vkey, vkey, none))).toContain('verifier key and no checkpoint')
    expect(await failed(holdToCheckpoint(now, 'something', vkey, none))).toContain('no signed note')
    expect(await failed(holdToCheckpoint(now, kept.replace('5\n', '6\n'), vkey, none))).toContain('signature of the checkpoint is wrong')
    const other = await vkeyOf(ed25519.getPublicKey(new Uint8Array(32).fill(9)), ORIGIN)
    expect(await failed(holdToCheckpoint(now, kept, other, none))).toContain('not signed with this key')
    expect(await failed(holdToCheckpoint({ ...now, ok: false }, kept, vkey, none))).toContain('does not hold')
  })
})

test('numbers keep their digits, names that occur twice are refused', () => {
  expect(canonical(parseJson('{"b":[1.0,1e-7,-0,123456789012345678901234567890],"a":"\\u20ac\\/"}'))).toBe('{"a":"€/","b":[1.0,1e-7,-0,123456789012345678901234567890]}')
  expect((parseJson('10.00') as Digits).text).toBe('10.00')
  for (const text of ['{"a":1,"a":2}', '01', '[1,]', '"\u0001"', '{} x', '']) expect(() => parseJson(text)).toThrow()
})

function splitOnce(text: string, at: string): [string, string] {
  const place = text.indexOf(at)
  return [text.slice(0, place), text.slice(place + at.length)]
}

/** The event as a reader shows it. */
function assembled(vector: Vector): JsonObject {
  const event: JsonObject = new Map()
  for (const field of vector.fields) {
    const names = field.path.slice(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    let home: JsonObject | Json[] = event
    names.forEach((name, depth) => {
      const last = depth === names.length - 1
      const list = depth === 0 && (name === 'targets' || name === 'changes')
      const key = Array.isArray(home) ? Number(name) : name
      let next: Json | undefined = Array.isArray(home) ? home[key as number] : home.get(key as string)
      if (last) next = parseJson(field.value)
      else if (next === undefined) next = list ? [] : new Map()
      if (Array.isArray(home)) home[key as number] = next
      else home.set(key as string, next)
      home = next as JsonObject | Json[]
    })
  }
  return event
}

async function vkeyOf(key: Uint8Array, name: string): Promise<string> {
  const typed = joined(Uint8Array.of(1), key)
  return `${name}+${toHex((await sha256(utf8(`${name}\n`), typed)).slice(0, 4))}+${toBase64(typed)}`
}

/** A proof document of the vector at place 3 of a log of five entries. */
async function proofOf(vector: Vector, withheld?: number): Promise<{ text: string; vkey: string }> {
  const secret = new Uint8Array(32).fill(7)
  const vkey = await vkeyOf(ed25519.getPublicKey(secret), ORIGIN)
  const leaf = await leafHash(fromHex(vector.entry))
  const others = await Promise.all([0, 1, 2, 4].map((n) => leafHash(Uint8Array.of(n))))
  const node = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right)
  const left = await node(others[0]!, others[1]!)
  const root = await node(await node(left, await node(others[2]!, leaf)), others[3]!)
  const note = `${ORIGIN}\n5\n${toBase64(root)}\n`
  const id = fromHex(vkey.split('+')[1]!)
  const checkpoint = `${note}\n— ${ORIGIN} ${toBase64(joined(id, ed25519.sign(utf8(note), secret)))}\n`

  const event = assembled(vector)
  const fields = vector.fields.map((field, at) => {
    if (at !== withheld) return `{"path":${JSON.stringify(field.path)},"salt":"${toBase64(fromHex(field.salt))}","value":${field.value}}`
    remove(event, field.path)
    return `{"commitment":"${toBase64(fromHex(field.commitment))}"}`
  })
  const micros = String(vector.received_at_micros)
  const receivedAt = `${new Date(Number(micros.slice(0, -3))).toISOString().slice(0, 19)}.${micros.slice(-6)}Z`
  const beside = `"display_id":"LOG-${receivedAt.slice(0, 4)}-0000003","sequence":3,"received_at":"${receivedAt}","kind":${vector.kind},"enrichment":{"network":"private"}`
  const shown = canonical(event).replace(/^\{/, `{${beside},`)
  const path = [others[2]!, left, others[3]!].map((hash) => `"${toBase64(hash)}"`)
  const text = `{"event":${shown},"fields":[${fields.join(',')}],"entry":"${toBase64(fromHex(vector.entry))}","index":3,"path":[${path.join(',')}],"checkpoint":${JSON.stringify(checkpoint)},"vkey":"${vkey}"}`
  return { text, vkey }
}

function remove(event: JsonObject, path: string): void {
  const names = path.slice(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const homes: (JsonObject | Json[])[] = [event]
  for (const name of names.slice(0, -1)) {
    const home: JsonObject | Json[] = homes.at(-1)!
    homes.push((Array.isArray(home) ? home[Number(name)] : home.get(name)) as JsonObject | Json[])
  }
  for (let depth = names.length - 1; depth >= 0; depth -= 1) {
    const home = homes[depth]!
    const name = names[depth]!
    const inner = homes[depth + 1]
    // An object is gone with its last field; in the two lists `{}` stands for it.
    if (inner && (Array.isArray(inner) ? inner.length : inner.size)) return
    if (!Array.isArray(home)) home.delete(name)
  }
}
