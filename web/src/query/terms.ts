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
  const values = valuesOf(match[2]!)
  if (!values) return whole
  return { ...whole, field: match[1]!.toLowerCase(), values }
}

/** The plain values of `a`, `"a b"` or `(a OR "b c")`; nothing where it is more than that. */
function valuesOf(text: string): string[] | undefined {
  if (!text.startsWith('(')) {
    const value = unquote(text)
    return value === undefined ? undefined : [value]
  }
  if (!text.endsWith(')')) return undefined
  const inner = terms(text.slice(1, -1))
  const values: string[] = []
  for (const [place, part] of inner.entries()) {
    if (place % 2 === 1) {
      if (part.text !== 'OR') return undefined
      continue
    }
    const value = part.negated || part.text.includes('(') ? undefined : unquote(part.text)
    if (value === undefined) return undefined
    values.push(value)
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
  const written = values.map(quoted)
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

function replaced(text: string, field: string, negated: boolean, values: string[]): string {
  const all = terms(text)
  // A search with OR at its top means something else when a term is added behind it.
  if (all.some((one) => one.text === 'OR')) {
    return values.length ? `(${text.trim()}) ${termText(field, values, negated)}` : text.trim()
  }
  const kept: string[] = []
  let placed = false
  for (const one of all) {
    if (!sameField(one, field) || one.negated !== negated) {
      kept.push(one.text)
    } else if (!placed && values.length) {
      kept.push(termText(one.field!, values, negated))
      placed = true
    }
  }
  if (!placed && values.length) kept.push(termText(field, values, negated))
  return kept.join(' ')
}

/** Adds a value of a field, or takes it away if it is there. Several values of a field are alternatives. */
export function toggled(text: string, field: string, value: string): string {
  const { wanted, excluded } = chosen(text, field)
  if (wanted.includes(value)) return replaced(text, field, false, wanted.filter((one) => one !== value))
  const freed = excluded.includes(value) ? replaced(text, field, true, excluded.filter((one) => one !== value)) : text
  return replaced(freed, field, false, [...wanted, value])
}

/** Excludes a value of a field, or lets it in again if it was excluded. */
export function excluding(text: string, field: string, value: string): string {
  const { wanted, excluded } = chosen(text, field)
  if (excluded.includes(value)) return replaced(text, field, true, excluded.filter((one) => one !== value))
  const freed = wanted.includes(value) ? replaced(text, field, false, wanted.filter((one) => one !== value)) : text
  return replaced(freed, field, true, [...excluded, value])
}

/** Makes these the only values asked for of a field; none asks for all. */
export function choosing(text: string, field: string, values: string[]): string {
  return replaced(text, field, false, values)
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
