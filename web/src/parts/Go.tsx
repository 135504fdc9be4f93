import { useRouter } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, MouseEvent, Ref } from 'react'

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** An address built by `urls`. */
  to: string
  ref?: Ref<HTMLAnchorElement>
}

/** A link to a screen: a real one, so it opens in a new tab and is copied, and without a reload. */
export function Go({ to, onClick, ...rest }: Props) {
  const router = useRouter()
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    void router.navigate({ href: to })
  }
  return <a {...rest} href={to} onClick={follow} />
}
