//! The search text taken apart into the terms a person sees, and put together again.
//!
//! The server parses searches; this only finds where a term begins and ends, so that a click on a
//! value changes the text in the box and nothing beside it. Text it does not understand it leaves
//! as it is.

export interface Term {
  /** The text as written. */
  text: string
  /** Where it begins, in UTF-16 units. */
  start: number
  end: number
  negated: boolean
  /** The field, in small letters, if it is one term with a value. */
  field?: string
  /** The values: one, or several of `field:(a OR b)`. */
  values?: string[]
  /** The values as written, with quotes, comparisons and stars. */
  written?: string[]
}

/** The terms at the top of a search: what stands between spaces outside quotes and parentheses. */
export function terms(text: string): Term[] {
  const found: Term[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at += 1
      continue
    }
    const start = at
    at = endOfTerm(text, at)
    found.push(term(text.slice(start, at), start))
  }
  return found
}

function endOfTerm(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const sign = text[at]!
    if (sign === '"') {
      at = endOfQuotes(text, at)
      continue
    }
    if (sign === '(') depth += 1
    else if (sign === ')') depth -= 1
    else if (depth <= 0 && /\s/.test(sign)) return at
    at += 1
  }
  return at
}

function endOfQuotes(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

function term(text: string, start: number): Term {
  const whole: Term = { text, start, end: start + text.length, negated: text.startsWith('-') && text.length > 1 }
  const body = whole.negated ? text.slice(1) : text
  const match = /^([A-Za-z_][\w.]*|metadata\.[^:\s()]+):([\s\S]+)$/.exec(body)
  if (!match) return whole
  const written = valuesOf(match[2]!)
  if (!written) return whole
  return { ...whole, field: match[1]!.toLowerCase(), written, values: written.map((value) => unquote(value) ?? value) }
}

/** The values of `a`, `"a b"` or `(a OR "b c")` as written; nothing where it is more than that. */
function valuesOf(text: string): string[] | undefined {
  if (!text.startsWith('(')) return unquote(text) === undefined ? undefined : [text]
  if (!text.endsWith(')')) return undefined
  const inner = terms(text.slice(1, -1))
  const values: string[] = []
  for (const [place, part] of inner.entries()) {
    if (place % 2 === 1) {
      if (part.text !== 'OR') return undefined
      continue
    }
    if (part.negated || part.text.includes('(') || unquote(part.text) === undefined) return undefined
    values.push(part.text)
  }
  return inner.length % 2 === 1 ? values : undefined
}

function unquote(text: string): string | undefined {
  if (!text.startsWith('"')) return text.includes('"') ? undefined : text
  if (endOfQuotes(text, 0) !== text.length || text.length < 2) return undefined
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

/** A value as it is written after a colon. */
export function quoted(value: string): string {
  const plain = /^[\p{L}\p{N}_@./:+#%&=~!?$,;[\]{}-]+$/u.test(value) && !/^(OR|AND|NOT)$/.test(value)
  // Signs with a meaning at the beginning of a value, or a range within it.
  if (plain && !/^-|\.\./.test(value)) return value
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

export function termText(field: string, values: string[], negated = false): string {
  return termWritten(field, values.map(quoted), negated)
}

function termWritten(field: string, written: string[], negated: boolean): string {
  const value = written.length === 1 ? written[0]! : `(${written.join(' OR ')})`
  return `${negated ? '-' : ''}${field}:${value}`
}

/** Other names of the fields the screens filter by, as docs/search.md lists them. */
const ALIASES: Record<string, string> = {
  entity: 'target.type',
  record: 'target.id',
  result: 'outcome',
  'outcome.result': 'outcome',
  email: 'actor.email',
  session_id: 'session',
  correlation_id: 'correlation',
  request_id: 'request',
  source_app: 'app',
  'source.app': 'app',
  'client.ip': 'ip',
}

export function canonicalField(field: string): string {
  return ALIASES[field] ?? field
}

function sameField(term: Term, field: string): boolean {
  return term.field !== undefined && canonicalField(term.field) === canonicalField(field)
}

/** The values a search asks for, and those it excludes, of one field. */
export function chosen(text: string, field: string): { wanted: string[]; excluded: string[] } {
  const wanted: string[] = []
  const excluded: string[] = []
  for (const one of terms(text)) {
    if (sameField(one, field)) (one.negated ? excluded : wanted).push(...one.values!)
  }
  return { wanted, excluded }
}

/** The values as written that a search asks for, or excludes, of one field. */
function writtenOf(text: string, field: string, negated: boolean): string[] {
  return terms(text).flatMap((one) => (sameField(one, field) && one.negated === negated ? one.written! : []))
}

function replaced(text: string, field: string, negated: boolean, written: string[]): string {
  const all = terms(text)
  // A search with OR at its top means something else when a term is added behind it.
  if (all.some((one) => one.text === 'OR')) {
    return written.length ? `(${text.trim()}) ${termWritten(field, written, negated)}` : text.trim()
  }
  const kept: string[] = []
  let placed = false
  for (const one of all) {
    if (!sameField(one, field) || one.negated !== negated) {
      kept.push(one.text)
    } else if (!placed && written.length) {
      kept.push(termWritten(one.field!, written, negated))
      placed = true
    }
  }
  if (!placed && written.length) kept.push(termWritten(field, written, negated))
  return kept.join(' ')
}

function without(written: string[], value: string): string[] {
  return written.filter((one) => (unquote(one) ?? one) !== value)
}

function changed(text: string, field: string, value: string, negated: boolean): string {
  const here = writtenOf(text, field, negated)
  const there = writtenOf(text, field, !negated)
  if (without(here, value).length < here.length) return replaced(text, field, negated, without(here, value))
  const left = without(there, value)
  const freed = left.length < there.length ? replaced(text, field, !negated, left) : text
  return replaced(freed, field, negated, [...here, quoted(value)])
}

/** Adds a value of a field, or takes it away if it is there. Several values of a field are alternatives. */
export function toggled(text: string, field: string, value: string): string {
  return changed(text, field, value, false)
}

/** Excludes a value of a field, or lets it in again if it was excluded. */
export function excluding(text: string, field: string, value: string): string {
  return changed(text, field, value, true)
}

/** Makes these the only values asked for of a field; none asks for all. */
export function choosing(text: string, field: string, values: string[]): string {
  return replaced(text, field, false, values.map(quoted))
}

/** The search without what it asks for of a field, for the counts beside the values of that field. */
export function withoutField(text: string, field: string): string {
  return replaced(text, field, false, [])
}

/** The search without the term in one place. */
export function withoutTerm(text: string, place: number): string {
  return terms(text)
    .filter((_, at) => at !== place)
    .map((one) => one.text)
    .join(' ')
}

/** Both searches must match. */
export function both(one: string, other: string): string {
  if (!one.trim()) return other
  return terms(one).some((term) => term.text === 'OR') ? `(${one.trim()}) ${other}` : `${one.trim()} ${other}`
}

/** Pieces of a search with what they are, for colouring. They join to the text. */
export function coloured(text: string): { text: string; kind: 'space' | 'field' | 'word' | 'operator' }[] {
  const pieces: { text: string; kind: 'space' | 'field' | 'word' | 'operator' }[] = []
  const token = /\s+|"(?:\\.|[^"\\])*"?|[()]|(?:-?[A-Za-z_][\w.]*:)|[^\s()"]+/g
  for (const [piece] of text.matchAll(token)) {
    const kind = /^\s/.test(piece)
      ? 'space'
      : /^(OR|AND|NOT|[()])$/.test(piece)
        ? 'operator'
        : /^-?[A-Za-z_][\w.]*:$/.test(piece)
          ? 'field'
          : 'word'
    pieces.push({ text: piece, kind })
  }
  return pieces
}
