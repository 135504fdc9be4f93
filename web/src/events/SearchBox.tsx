import { ActionIcon, Tooltip } from '@mantine/core'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from 'react'
import type { Problem } from '../api/client'
import { completionQuery } from '../api/events'
import { coloured } from '../query/terms'
import { t } from '../words/i18n'
import { said } from '../words/server'
import { number } from '../words/time'
import type { SearchLine } from './state'
import { rememberSearch, rememberedSearches } from './recent'

interface Props {
  tenant: string
  value: string
  onSearch: (text: string) => void
  /** What the server says is wrong with the search. */
  problem?: Problem
  leave: () => void
  ref?: Ref<SearchLine>
}

interface Offer {
  text: string
  note?: string
  count?: number
  /** The whole text once taken, and where the caret goes. */
  result: string
  caret: number
  goOn: boolean
}

/** The search line: coloured fields, completion of fields and values, and the error under its word. */
export function SearchBox({ tenant, value, onSearch, problem, leave, ref }: Props) {
  const [text, setText] = useState(value)
  const [caret, setCaret] = useState(value.length)
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const [scroll, setScroll] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  const latest = useRef(text)
  useEffect(() => {
    latest.current = text
  })
  useImperativeHandle(ref, () => ({ focus: () => input.current?.select(), text: () => latest.current, put: setText }), [])
  // The address is the truth; another way to change it changes the box.
  useEffect(() => {
    setText(value)
    setCaret(value.length)
  }, [value])

  const typed = text.slice(0, caret)
  const word = /[^\s()]*$/.exec(typed)?.[0] ?? ''
  const asks = open && (word.length >= 2 || word.endsWith(':'))
  const completion = useQuery({ ...completionQuery(tenant, typed), enabled: asks })
  const offers: Offer[] = !open ? [] : asks ? completed(text, caret, completion.data) : text === '' ? recent() : []
  const chosen = Math.min(at, offers.length - 1)

  const take = (offer: Offer) => {
    setText(offer.result)
    setCaret(offer.caret)
    setAt(-1)
    setOpen(offer.goOn)
    requestAnimationFrame(() => {
      input.current?.focus()
      input.current?.setSelectionRange(offer.caret, offer.caret)
    })
  }
  const search = (searched = text) => {
    setOpen(false)
    setAt(-1)
    rememberSearch(searched)
    onSearch(searched)
  }
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'ArrowDown' && offers.length) setAt((chosen + 1) % offers.length)
    else if (event.key === 'ArrowUp' && offers.length) setAt(chosen <= 0 ? offers.length - 1 : chosen - 1)
    else if (event.key === 'Tab' && !event.shiftKey && chosen >= 0 && offers[chosen]) take(offers[chosen])
    else if (event.key === 'Enter') {
      if (chosen >= 0 && offers[chosen]) take(offers[chosen])
      else search()
    } else if (event.key === 'Escape') {
      if (offers.length) setOpen(false)
      else {
        setText(value)
        // At once, not when the list is drawn: the next key is one of the screen's.
        event.currentTarget.blur()
        leave()
      }
    } else return
    event.preventDefault()
  }

  const wrong = problem && text === value ? problem : undefined
  const waits = text.trim() !== value.trim()
  const place = wrong ? unitsOf(text, wrong.position ?? 0, wrong.length ?? 0) : undefined
  const fix = wrong?.hint ? /`([^`]+)`/.exec(wrong.hint)?.[1] : undefined
  return (
    <div className="search" role="search">
      <div className={wrong ? 'search-line search-wrong' : 'search-line'}>
        <IconSearch size={16} aria-hidden className="search-icon" />
        <div className="search-text">
          <div className="search-under mono" aria-hidden>
            <div className="search-scrolled" style={{ transform: `translateX(${-scroll}px)` }}>
              {place ? <Marked text={text} start={place.start} end={place.end} /> : coloured(text).map((piece, index) => <span key={index} className={`q-${piece.kind}`}>{piece.text}</span>)}
            </div>
          </div>
          <input
            ref={input}
            className="search-input mono"
            value={text}
            placeholder={t('Search, or narrow by field: action:login outcome:failure')}
            aria-label={t('Search events')}
            role="combobox"
            aria-autocomplete="list"
            aria-expanded={offers.length > 0}
            aria-controls={`${id}-offers`}
            aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
            aria-invalid={wrong !== undefined}
            aria-describedby={wrong ? `${id}-wrong` : waits ? `${id}-waits` : undefined}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            maxLength={4096}
            onChange={(event) => {
              setText(event.currentTarget.value)
              setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length)
              setOpen(true)
              setAt(-1)
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
            onScroll={(event) => setScroll(event.currentTarget.scrollLeft)}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onKeyDown={keys}
          />
        </div>
        {text && (
          <Tooltip label={t('Clear the search')}>
            <ActionIcon color="gray" aria-label={t('Clear the search')} onClick={() => search('')}>
              <IconX size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        {waits ? (
          <button type="button" id={`${id}-waits`} className="link small search-waits" onClick={() => search()}>
            {t('Not run yet:')} <kbd>Enter</kbd>
          </button>
        ) : (
          <kbd className="only-wide">/</kbd>
        )}
      </div>
      {offers.length > 0 && (
        <ul className="offers" id={`${id}-offers`} role="listbox" aria-label={asks ? t('Completions') : t('Recent searches')}>
          {offers.map((offer, index) => (
            <li
              key={offer.text}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onPointerDown={(event) => {
                event.preventDefault()
                take(offer)
              }}
            >
              <bdi className="mono">{offer.text}</bdi>
              {offer.note && <span className="muted">{offer.note}</span>}
              {offer.count !== undefined && <span className="mono muted offer-count">{number(offer.count)}</span>}
            </li>
          ))}
        </ul>
      )}
      {wrong && (
        <p className="wrong search-problem" id={`${id}-wrong`} role="alert">
          <bdi>{said(wrong.detail)}</bdi>
          {wrong.hint && (
            <>
              {' – '}
              <bdi>{said(wrong.hint)}</bdi>
            </>
          )}
          {fix && place && place.end > place.start && (
            <button type="button" className="link" onClick={() => search(fixed(text, place, fix))}>
              {t('Use {{fix}}', { fix })}
            </button>
          )}
        </p>
      )}
    </div>
  )
}

function Marked({ text, start, end }: { text: string; start: number; end: number }) {
  const stop = Math.max(end, start + 1)
  return (
    <>
      {text.slice(0, start)}
      <span className="q-wrong">{text.slice(start, stop) || ' '}</span>
      {text.slice(stop)}
    </>
  )
}

/** Characters as the server counts them, to places in a JavaScript string. */
export function unitsOf(text: string, position: number, length: number): { start: number; end: number } {
  const characters = [...text]
  const start = characters.slice(0, position).join('').length
  return { start, end: start + characters.slice(position, position + length).join('').length }
}

/** `acton:login` with the fix `action:` is `action:login`. */
function fixed(text: string, place: { start: number; end: number }, fix: string): string {
  const after = text.slice(place.end)
  return text.slice(0, place.start) + (fix.endsWith(':') && after.startsWith(':') ? fix.slice(0, -1) : fix) + after
}

/** Bytes as the completion counts them, to a place in a JavaScript string. */
export function unitAtByte(text: string, byte: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).slice(0, byte)).length
}

function completed(text: string, caret: number, completion: { from: number; suggestions: { text: string; kind: string; description?: string | null; count?: number | null }[] } | undefined): Offer[] {
  if (!completion) return []
  const typed = text.slice(0, caret)
  const start = unitAtByte(typed, completion.from)
  // What stands behind the caret up to the next space belongs to the word that is replaced.
  const rest = text.slice(caret).replace(/^[^\s()]*/, '')
  return completion.suggestions
    .filter((suggestion) => suggestion.text !== typed.slice(start))
    .map((suggestion) => {
      const space = suggestion.kind === 'value' && !rest.startsWith(' ') ? ' ' : ''
      const before = typed.slice(0, start) + suggestion.text + space
      return { text: suggestion.text, note: suggestion.description ?? undefined, count: suggestion.count ?? undefined, result: before + rest, caret: before.length, goOn: suggestion.kind === 'field' }
    })
}

function recent(): Offer[] {
  return rememberedSearches().map((one) => ({ text: one, result: one, caret: one.length, goOn: false }))
}
