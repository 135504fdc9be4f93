//! docs/formats/checkpoint.md: verifier keys, signed notes, checkpoints.

import { equal, fromBase64, joined, sha256, toHex, utf8 } from './bytes'

export interface VerifierKey {
  /** The log's origin, `<instance>/<tenant>`. */
  name: string
  id: Uint8Array
  key: Uint8Array
}

const ED25519 = 1
const NO_KEY = 'this is no verifier key: it reads NAME+8 hex digits+base64'

function decoded(base64: string): Uint8Array {
  try {
    return fromBase64(base64)
  } catch {
    throw new Error(NO_KEY)
  }
}

export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const match = /^([^\s+\p{C}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text.trim())
  if (!match) throw new Error(/\u2014 /.test(text) ? 'this is a checkpoint and no verifier key: a key reads NAME+8 hex digits+base64' : NO_KEY)
  const [, name, hex, base64] = match as unknown as [string, string, string, string]
  const bytes = decoded(base64)
  if (bytes.length !== 33 || bytes[0] !== ED25519) throw new Error('this verifier key is not of Ed25519')
  const id = (await sha256(utf8(`${name}\n`), bytes)).slice(0, 4)
  if (toHex(id) !== hex) throw new Error('the key id of this verifier key does not fit its key: it was mistyped or changed')
  const key = bytes.slice(1)
  const { ed25519 } = await import('@noble/curves/ed25519.js')
  if (ed25519.Point.fromBytes(key).isSmallOrder()) throw new Error('anybody can sign for this verifier key')
  return { name, id, key }
}

export interface Checkpoint {
  origin: string
  size: bigint
  root: Uint8Array
}

const NOTE_MAX_BYTES = 256 * 1024
const SIGNATURES_MAX = 64

/** The checkpoint of a note if the key has signed it. */
export async function openCheckpoint(note: string, verifier: VerifierKey): Promise<Checkpoint> {
  if (utf8(note).length > NOTE_MAX_BYTES || /[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new Error('the checkpoint is no signed note')
  const end = note.lastIndexOf('\n\n')
  if (/^\S+\+[0-9a-f]{8}\+\S+\s*$/u.test(note)) throw new Error('this is a verifier key and no checkpoint: a checkpoint has an origin, a size, a root and a signature, a line each')
  if (end < 0 || !note.endsWith('\n')) throw new Error('the checkpoint is no signed note')
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > SIGNATURES_MAX) throw new Error('the checkpoint has too many signatures')
  let signed = false
  for (const line of lines) {
    const match = /^— (\S+) (\S+)$/.exec(line)
    if (!match) throw new Error('the checkpoint has a line that is no signature')
    const bytes = fromBase64(match[2]!)
    if (match[1] !== verifier.name || !equal(bytes.slice(0, 4), verifier.id)) continue
    if (!(await verifies(verifier.key, utf8(text), bytes.slice(4)))) throw new Error('the signature of the checkpoint is wrong')
    signed = true
  }
  if (!signed) throw new Error('the checkpoint is not signed with this key')
  const parts = text.split('\n')
  const [origin, size, root] = parts
  const extensions = parts.slice(3, -1)
  if (origin !== verifier.name || !/^(0|[1-9]\d{0,18})$/.test(size ?? '') || extensions.includes('')) {
    throw new Error('what was signed is no checkpoint of this log')
  }
  const hash = fromBase64(root ?? '')
  if (hash.length !== 32) throw new Error('the root in the checkpoint is no hash')
  return { origin, size: BigInt(size!), root: hash }
}

async function verifies(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (signature.length !== 64) return false
  try {
    const imported = await crypto.subtle.importKey('raw', joined(key), { name: 'Ed25519' }, false, ['verify'])
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, joined(signature), joined(message))
  } catch {
    // The browser has no Ed25519, or the page no WebCrypto.
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    return ed25519.verify(signature, message, key, { zip215: false })
  }
}
