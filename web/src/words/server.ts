//! What the server says, as a sentence on a screen.

/** A capital letter in front, and quotation marks in place of those of programs. */
export function said(text: string): string {
  const quoted = text.replaceAll(/`([^`]*)`/g, '“$1”')
  // A sentence may begin with the name of a field, which is written as it is.
  return /^\p{Ll}+(?=[\s,;:]|$)/u.test(quoted) ? quoted[0]!.toUpperCase() + quoted.slice(1) : quoted
}
