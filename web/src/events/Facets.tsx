import { useState } from 'react'
import { t } from '../words/i18n'
import { FACETS } from './fields'
import type { EventsState } from './state'
import { Values } from './Values'

const OPEN_AT_FIRST = 6

/** Left of the table: what is in the selection, counted. */
export function Facets({ state, asked }: { state: EventsState; asked: number }) {
  const [open, setOpen] = useState(() => new Set(FACETS.slice(0, OPEN_AT_FIRST).map((facet) => facet.field)))
  const toggle = (field: string) => {
    const next = new Set(open)
    if (!next.delete(field)) next.add(field)
    setOpen(next)
  }
  return (
    <aside className="facets" aria-label={t('Filters')}>
      {FACETS.map(({ field, words }) => (
        <section key={field}>
          <h2>
            <button type="button" aria-expanded={open.has(field)} onClick={() => toggle(field)}>
              {words()}
            </button>
          </h2>
          {open.has(field) && <Values field={field} words={words()} selection={state.selection} asked={asked} add={(value) => state.add(field, value)} exclude={(value) => state.exclude(field, value)} />}
        </section>
      ))}
    </aside>
  )
}
