import { Button, Popover } from '@mantine/core'
import { IconChevronDown, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { canonicalField, chosen, terms } from '../query/terms'
import { t } from '../words/i18n'
import { valueWord } from '../words/event'
import { FILTER_BAR, fieldWords } from './fields'
import { useActorNames } from './names'
import type { EventsState } from './state'
import { Values } from './Values'

/** The usual filters as lists, and every term of the search as a chip that can be taken away. */
export function FilterBar({ state, asked }: { state: EventsState; asked: number }) {
  const q = state.search.q ?? ''
  const found = terms(q)
  const ids = found.flatMap((term) => (term.field && canonicalField(term.field) === 'actor.id' ? term.values! : []))
  const names = useActorNames(state.selection.tenant, [...new Set(ids)])
  return (
    <div className="filters">
      {FILTER_BAR.map((field) => (
        <FilterMenu key={field} field={field} state={state} asked={asked} />
      ))}
      {found.length > 0 && !found.some((term) => term.text === 'OR') && (
        <ul className="chips" aria-label={t('Terms of the search')}>
          {found.map((term, place) => (
            <li key={`${place} ${term.text}`} className={term.negated ? 'chip chip-not' : 'chip'}>
              <bdi title={term.text}>
                {term.field ? (
                  <>
                    {term.negated ? t('not') : ''} {fieldWords(canonicalField(term.field))}: {term.values!.map((value) => (canonicalField(term.field!) === 'actor.id' ? (names.get(value) ?? value) : valueWord(canonicalField(term.field!), value))).join(', ')}
                  </>
                ) : (
                  term.text
                )}
              </bdi>
              <button type="button" aria-label={t('Remove {{term}}', { term: term.text })} onClick={() => state.remove(term.text)}>
                <IconX size={12} aria-hidden />
              </button>
            </li>
          ))}
          {found.length > 1 && (
            <li>
              <button type="button" className="link small" onClick={() => state.setQuery('')}>
                {t('Remove all')}
              </button>
            </li>
          )}
        </ul>
      )}
    </div>
  )
}

function FilterMenu({ field, state, asked }: { field: string; state: EventsState; asked: number }) {
  const [open, setOpen] = useState(false)
  const words = fieldWords(field)
  const { wanted, excluded } = chosen(state.search.q ?? '', field)
  const count = wanted.length + excluded.length
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button size="compact-sm" variant={count ? 'light' : 'default'} rightSection={<IconChevronDown size={12} />} onClick={() => setOpen(!open)} aria-expanded={open}>
          {words}
          {count ? ` (${count})` : ''}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className="filter-menu" aria-label={words}>
        <Values field={field} words={words} selection={state.selection} asked={asked} few={100} searching add={(value) => state.add(field, value)} exclude={(value) => state.exclude(field, value)} />
      </Popover.Dropdown>
    </Popover>
  )
}
