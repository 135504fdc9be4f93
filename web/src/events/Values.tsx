//! The values of a field with exact counts: a click adds one, alt-click or the minus excludes it.

import { TextInput, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../api/client'
import { type Selection, topQuery } from '../api/events'
import { useTenant } from '../session/session'
import { both, chosen, withoutField } from '../query/terms'
import { t } from '../words/i18n'
import { valueWord } from '../words/event'
import { number } from '../words/time'
import { useActorNames } from './names'

interface Props {
  field: string
  words: string
  selection: Selection
  asked: number
  few?: number
  searching?: boolean
  add: (value: string) => void
  exclude: (value: string) => void
}

const MANY = 200

export function Values({ field, words, selection, asked, few = 6, searching, add, exclude }: Props) {
  const pins = useTenant().pinned_entities
  const [all, setAll] = useState(searching ?? false)
  const [text, setText] = useState('')
  const q = selection.q ?? ''
  const picked = chosen(q, field)
  // Beside the values of a field stand the counts one would get by choosing them.
  const base = { ...selection, q: withoutField(q, field) || undefined }
  const typed = text.trim()
  const first = field === 'target.type' ? pins : []
  // One that is pinned may be rare.
  const limit = all || typed || first.length ? MANY : few + picked.wanted.length
  // Names are searched by the server, ids and words here.
  const byName = field === 'actor.id' && typed.length > 0
  const asking = byName ? { ...base, q: both(base.q ?? '', nameTerm(typed)) } : base
  const top = useQuery(topQuery(asking, field, limit + 1, asked))
  const counts = new Map((top.data?.values ?? []).map((one) => [one.value, one.count]))
  const pinned = first.filter((value) => counts.has(value))
  const listed = [...new Set([...picked.wanted, ...picked.excluded, ...pinned, ...counts.keys()])]
  const names = useActorNames(selection.tenant, field === 'actor.id' ? listed.slice(0, 40) : [])
  const name = (value: string) => (field === 'actor.id' ? (names.get(value) ?? value) : valueWord(field, value))
  const shown = typed && !byName ? listed.filter((value) => `${value} ${name(value)}`.toLowerCase().includes(typed.toLowerCase())) : byName ? [...counts.keys()] : listed
  const more = (top.data?.values.length ?? 0) > limit
  const short = Math.max(few, pinned.length)
  const long = all || more || shown.length > short
  return (
    <>
      {long && (searching || all) && (
        <TextInput size="xs" className="values-search" placeholder={byName || field === 'actor.id' ? t('Name') : t('Find a value')} aria-label={t('Find a value of {{field}}', { field: words })} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus={searching || undefined} />
      )}
      <ul className="values" aria-label={words} aria-busy={top.isFetching}>
        {shown.slice(0, all || typed ? MANY : short + picked.wanted.length + picked.excluded.length).map((value) => {
          const wanted = picked.wanted.includes(value)
          const out = picked.excluded.includes(value)
          return (
            <li key={value}>
              <button
                type="button"
                className={out ? 'value-row value-out' : 'value-row'}
                aria-pressed={wanted}
                title={value}
                onClick={(event) => (event.altKey ? exclude(value) : add(value))}
              >
                {field === 'category' && <span className={`dot category-${value}`} aria-hidden />}
                <bdi>{name(value)}</bdi>
                <span className="count mono">{out ? t('excluded') : counts.has(value) || !/[*<>=]|\.\./.test(value) ? number(counts.get(value) ?? 0) : ''}</span>
              </button>
              <Tooltip label={out ? t('Let in again') : t('Exclude')}>
                <button type="button" className="value-minus" aria-label={out ? t('Let {{value}} in again', { value: name(value) }) : t('Exclude {{value}}', { value: name(value) })} onClick={() => exclude(value)}>
                  {out ? '+' : '−'}
                </button>
              </Tooltip>
            </li>
          )
        })}
        {top.isPending && Array.from({ length: 3 }, (_, place) => <li key={place} className="skeleton-line" aria-hidden />)}
        {top.error && !(top.error instanceof ApiError && top.error.status === 400) && <li className="wrong small values-none" title={top.error.message}>{t('Not counted')}</li>}
        {top.data && shown.length === 0 && <li className="muted small values-none">{typed ? t('No value like this') : t('None in this selection')}</li>}
      </ul>
      {!searching && long && !typed && (
        <button type="button" className="link small more" onClick={() => setAll(!all)}>
          {all ? t('Fewer') : t('More …')}
        </button>
      )}
    </>
  )
}

/** People whose name begins so, word by word, or whose id or address it is. */
function nameTerm(text: string): string {
  const words = text.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  if (/[@]/.test(text) || !words.length) return `actor:"${text.replaceAll('"', '')}"`
  return words.map((word) => `actor.name:${word}*`).join(' ')
}
