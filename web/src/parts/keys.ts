import { useEffect, useRef } from 'react'

/**
 * Keys of a screen. They rest while a person types and while something lies over the screen; `mod+`
 * ones do not. A handler that returns `false` leaves the key to the browser.
 */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void | boolean>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    let covered = false
    // Before anybody else has heard the key: Esc closes a menu, which is then no longer seen.
    const look = () => {
      covered = somethingOver()
    }
    const listen = (event: KeyboardEvent) => {
      const mod = event.ctrlKey || event.metaKey
      const name = mod ? `mod+${event.key.toLowerCase()}` : event.key
      const handler = latest.current[name]
      if (!handler || event.defaultPrevented || event.altKey) return
      if (!mod && (covered || typing(event.target))) return
      if (handler(event) !== false) event.preventDefault()
    }
    window.addEventListener('keydown', look, true)
    window.addEventListener('keydown', listen)
    return () => {
      window.removeEventListener('keydown', look, true)
      window.removeEventListener('keydown', listen)
    }
  }, [])
}

/** Whether a dialog, a menu or a list of choices is open. Some stay in the page while they are closed. */
function somethingOver(): boolean {
  return [...document.querySelectorAll('[role="dialog"], [role="menu"], [role="listbox"]')].some((layer) => layer.checkVisibility())
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
