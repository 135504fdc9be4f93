import { type ReactNode, useState } from 'react'
import { t } from '../words/i18n'
import { number } from '../words/time'

const FOLD_CHARACTERS = 240
const FOLD_LINES = 3

/** Text from an event: shown as text, apart from its surroundings' direction; long ones fold. */
export function LongText({ text, mono }: { text: string; mono?: boolean }) {
  const [open, setOpen] = useState(false)
  const lines = text.split('\n')
  const long = text.length > FOLD_CHARACTERS || lines.length > FOLD_LINES
  const shown = !long || open ? text : `${lines.slice(0, FOLD_LINES).join('\n').slice(0, FOLD_CHARACTERS)}…`
  return (
    <>
      <bdi className={mono ? 'value mono' : 'value'}>{shown}</bdi>
      {long && (
        <button type="button" className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('show less') : t('show all, {{shown}} characters', { shown: number(text.length), count: text.length })}
        </button>
      )}
    </>
  )
}

/** The first of many, and a button that shows the rest. */
export function useFold<T>(all: T[], few: number): [shown: T[], more: ReactNode] {
  const [open, setOpen] = useState(false)
  // One or two more take no more room than the button.
  if (all.length <= few + 2) return [all, null]
  const more = (
    <button type="button" className="link small more" aria-expanded={open} onClick={() => setOpen(!open)}>
      {open ? t('Show fewer') : t('Show all {{shown}}', { shown: number(all.length) })}
    </button>
  )
  return [open ? all : all.slice(0, few), more]
}
