//! JSON that keeps the digits of numbers, as leaf-v1 hashes them.
//!
//! `JSON.parse` turns `10000.00` into `10000` and long numbers into near ones; a proof of such a
//! value would fail. Objects become maps, so no name has a meaning of its own.

/** A number as it was written. */
export class Digits {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text
  }
}

export type Json = null | boolean | string | Digits | Json[] | JsonObject
export type JsonObject = Map<string, Json>

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}

/** Deeper nesting than the event's own limit of 32, for the document around it. */
const DEPTH_MAX = 64

/** Reads JSON strictly; a name that occurs twice in an object is refused. */
export function parseJson(text: string): Json {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.space()
  if (reader.at !== text.length) throw reader.wrong('text behind the value')
  return value
}

class Reader {
  at = 0
  constructor(private readonly text: string) {}

  wrong(what: string): SyntaxError {
    return new SyntaxError(`${what} at character ${this.at}`)
  }

  space(): void {
    while (/[ \t\r\n]/.test(this.text.charAt(this.at))) this.at += 1
  }

  value(depth: number): Json {
    if (depth > DEPTH_MAX) throw this.wrong('nested too deep')
    this.space()
    const sign = this.text.charAt(this.at)
    if (sign === '{') return this.object(depth)
    if (sign === '[') return this.array(depth)
    if (sign === '"') return this.string()
    for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    }
    return this.number()
  }

  private number(): Digits {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (!found) throw this.wrong('no value')
    this.at = pattern.lastIndex
    return new Digits(found[0])
  }

  private string(): string {
    const pattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (!found) throw this.wrong('no string')
    this.at = pattern.lastIndex
    return JSON.parse(found[0]) as string
  }

  private array(depth: number): Json[] {
    const values: Json[] = []
    this.at += 1
    this.space()
    if (this.took(']')) return values
    do values.push(this.value(depth + 1))
    while (this.more(']'))
    return values
  }

  private object(depth: number): JsonObject {
    const members: JsonObject = new Map()
    this.at += 1
    this.space()
    if (this.took('}')) return members
    do {
      this.space()
      const name = this.string()
      if (members.has(name)) throw this.wrong(`the name ${JSON.stringify(name)} twice`)
      this.space()
      if (!this.took(':')) throw this.wrong('no colon')
      members.set(name, this.value(depth + 1))
    } while (this.more('}'))
    return members
  }

  private took(sign: string): boolean {
    if (this.text.charAt(this.at) !== sign) return false
    this.at += 1
    return true
  }

  private more(end: string): boolean {
    this.space()
    if (this.took(',')) return true
    if (this.took(end)) return false
    throw this.wrong(`no comma and no ${end}`)
  }
}

/** RFC 8785, except that a number keeps its digits. */
export function canonical(value: Json): string {
  if (value instanceof Digits) return value.text
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isObject(value)) {
    const names = [...value.keys()].sort((one, other) => (one < other ? -1 : one > other ? 1 : 0))
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value.get(name)!)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** What may be a number that loses digits. */
const MAY_LOSE = /(?:^|[:,[])\s*-?(?:[\d.]{16}|[\d.]+[eE])/
const TEXTS_AND_NUMBERS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g

/** JSON as plain values; a number that would lose digits is kept as text. As quick as `JSON.parse` where there is none. */
export function readableJson(text: string): unknown {
  if (!MAY_LOSE.test(text)) return JSON.parse(text)
  return JSON.parse(text.replace(TEXTS_AND_NUMBERS, (found) => (found.startsWith('"') || keepsDigits(found) ? found : `"${found}"`)))
}

function keepsDigits(written: string): boolean {
  const number = Number(written)
  const digits = written.replace(/^-/, '').replace(/\.?0*$/, '').replace(/[^0-9]/g, '').length
  return Number.isFinite(number) && (digits <= 15 || Number.isSafeInteger(number))
}

/** Indented JSON with the digits, names and order it came with. */
export function indented(value: Json, depth = 0): string {
  const inner = '  '.repeat(depth + 1)
  const outer = '  '.repeat(depth)
  if (Array.isArray(value)) return value.length ? `[\n${value.map((item) => inner + indented(item, depth + 1)).join(',\n')}\n${outer}]` : '[]'
  if (isObject(value)) return value.size ? `{\n${[...value].map(([name, member]) => `${inner}${JSON.stringify(name)}: ${indented(member, depth + 1)}`).join(',\n')}\n${outer}}` : '{}'
  return canonical(value)
}
