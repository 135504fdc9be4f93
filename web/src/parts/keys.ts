import { useEffect, useRef } from 'react'

/**
 * Keys of a screen. They rest while a person types; `mod+` ones do not. A handler that returns
 * `false` leaves the key to the browser.
 */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void | boolean>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const mod = event.ctrlKey || event.metaKey
      const name = mod ? `mod+${event.key.toLowerCase()}` : event.key
      const handler = latest.current[name]
      if (!handler || event.defaultPrevented || event.altKey) return
      if (!mod && (typing(event.target) || document.querySelector('[role="dialog"][aria-modal="true"]'))) return
      if (handler(event) !== false) event.preventDefault()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
