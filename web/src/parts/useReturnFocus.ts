import { useEffect, useState } from 'react'

/** What had the focus before the first of the dialogs that are open. */
let outermost: HTMLElement | undefined

/** Gives the focus back to what had it when this was first drawn, or to the page where that is gone. */
export function useReturnFocus(): void {
  const [from] = useState(opener)
  useEffect(
    () => () => {
      // Something else may have taken it meanwhile.
      if (!from || (document.activeElement && document.activeElement !== document.body)) return
      const back = [from, outermost, document.getElementById('page')].find((one) => one?.isConnected)
      back?.focus({ preventScroll: true })
    },
    [from],
  )
}

function opener(): HTMLElement | undefined {
  const focused = document.activeElement
  const within = document.querySelector('[role="dialog"][aria-modal="true"]')
  if (!(focused instanceof HTMLElement) || focused === document.body) return within ? outermost : undefined
  // A menu is gone as soon as something in it was chosen.
  const menu = focused.closest('[role="menu"]')?.getAttribute('aria-labelledby')
  const from = (menu && document.getElementById(menu)) || focused
  if (!within) outermost = from
  return from
}
