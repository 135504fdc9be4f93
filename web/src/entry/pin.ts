//! The log's key as this browser saw it first.

const KEY = 'annals.vkey.'

export function pinnedKey(tenant: string): string | undefined {
  try {
    return localStorage.getItem(KEY + tenant) ?? undefined
  } catch {
    return undefined
  }
}

export function pinKey(tenant: string, vkey: string): void {
  try {
    localStorage.setItem(KEY + tenant, vkey.trim())
  } catch {
    // Without storage every sight is the first; the panel says which key it used.
  }
}
