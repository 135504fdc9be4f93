//! The last searches of this browser.

const KEY = 'annals.searches'
const KEPT = 12

export function rememberedSearches(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((one): one is string => typeof one === 'string').slice(0, KEPT) : []
  } catch {
    return []
  }
}

export function rememberSearch(text: string): void {
  const search = text.trim()
  if (!search) return
  try {
    localStorage.setItem(KEY, JSON.stringify([search, ...rememberedSearches().filter((one) => one !== search)].slice(0, KEPT)))
  } catch {
    // A browser that keeps nothing offers nothing.
  }
}
