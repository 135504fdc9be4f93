//! docs/formats/leaf-v1.md: fields, commitments, body root, entry and leaf.

import { equal, order, sha256, utf8 } from './bytes'
import { type Json, type JsonObject, canonical, isObject } from './json'

export interface Field {
  /** JSON Pointer. */
  path: string
  /** Canonical JSON. */
  value: string
}

/** Names the server sets beside the event; they are not hashed. */
export const RESERVED = ['display_id', 'sequence', 'received_at', 'kind', 'enrichment', 'erasure']

/** The fields of an event in the order of their commitments. */
export function flatten(event: JsonObject): Field[] {
  const fields: Field[] = []
  for (const [name, value] of event) {
    if (!RESERVED.includes(name)) descend(`/${escaped(name)}`, value, fields)
  }
  return fields
    .map((field) => ({ field, bytes: utf8(field.path) }))
    .sort((one, other) => order(one.bytes, other.bytes))
    .map(({ field }) => field)
}

function descend(path: string, value: Json, fields: Field[]): void {
  const listed = (path === '/targets' || path === '/changes') && Array.isArray(value) && value.length > 0
  if (listed) {
    value.forEach((item, at) => descend(`${path}/${at}`, item, fields))
  } else if (isObject(value) && value.size > 0) {
    for (const [name, member] of value) descend(`${path}/${escaped(name)}`, member, fields)
  } else {
    fields.push({ path, value: canonical(value) })
  }
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

export async function commitment(salt: Uint8Array, field: Field): Promise<Uint8Array> {
  const path = utf8(field.path)
  return sha256(salt, Uint8Array.of(path.length >> 8, path.length & 0xff), path, utf8(field.value))
}

export async function bodyRoot(commitments: Uint8Array[]): Promise<Uint8Array> {
  return sha256(utf8('annals body v1\0'), ...commitments)
}

export interface Entry {
  kind: number
  category: string
  /** Microseconds since 1970 in UTC. */
  receivedAt: bigint
  fieldCount: number
  bodyRoot: Uint8Array
}

const CATEGORIES = ['security', 'user_activity', 'record_change', 'system', 'api_request', 'view']
const ENTRY_BYTES = 45

export function parseEntry(bytes: Uint8Array): Entry {
  const category = CATEGORIES[bytes[2] ?? 255]
  if (bytes.length !== ENTRY_BYTES || bytes[0] !== 1 || bytes[1]! > 3 || !category) throw new Error('no entry of version 1')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { kind: bytes[1]!, category, receivedAt: view.getBigUint64(3), fieldCount: view.getUint16(11), bodyRoot: bytes.slice(13) }
}

export async function leafHash(entry: Uint8Array): Promise<Uint8Array> {
  return sha256(Uint8Array.of(0), entry)
}

/** RFC 9162, 2.1.3.2: the root that leaf and path lead to, or nothing if the path has a wrong length. */
export async function rootOf(leaf: Uint8Array, index: bigint, size: bigint, path: Uint8Array[]): Promise<Uint8Array | undefined> {
  if (index >= size) return undefined
  let fn = index
  let sn = size - 1n
  let hash = leaf
  for (const sibling of path) {
    if (sibling.length !== 32 || sn === 0n) return undefined
    if (fn & 1n || fn === sn) {
      hash = await sha256(Uint8Array.of(1), sibling, hash)
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n
        sn >>= 1n
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling)
    }
    fn >>= 1n
    sn >>= 1n
  }
  return sn === 0n ? hash : undefined
}


/**
 * Whether the tree of `size` leaves grew out of that of `oldSize` (RFC 9162, 2.1.4.2): the path leads
 * to both roots.
 */
export async function grew(oldSize: bigint, oldRoot: Uint8Array, size: bigint, root: Uint8Array, path: Uint8Array[]): Promise<boolean> {
  if (oldSize > size || path.some((hash) => hash.length !== 32)) return false
  if (oldSize === size) return path.length === 0 && equal(oldRoot, root)
  if (oldSize === 0n) return path.length === 0 && equal(oldRoot, await sha256())
  let fn = oldSize - 1n
  let sn = size - 1n
  while (fn & 1n) {
    fn >>= 1n
    sn >>= 1n
  }
  // A perfect old tree is its own first hash.
  const [first, ...rest] = fn === 0n ? [oldRoot, ...path] : path
  if (!first) return false
  let before = first
  let now = first
  for (const sibling of rest) {
    if (sn === 0n) return false
    if (fn & 1n || fn === sn) {
      before = await sha256(Uint8Array.of(1), sibling, before)
      now = await sha256(Uint8Array.of(1), sibling, now)
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n
        sn >>= 1n
      }
    } else {
      now = await sha256(Uint8Array.of(1), now, sibling)
    }
    fn >>= 1n
    sn >>= 1n
  }
  return sn === 0n && equal(before, oldRoot) && equal(now, root)
}
