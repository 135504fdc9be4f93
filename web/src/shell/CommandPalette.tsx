import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { identity, searchesQuery } from '../api/identity'
import { Window } from '../parts/Window'
import { left } from '../routes'
import { useChoose, useSession, useTenant } from '../session/session'
import { eventSearch, urls } from '../urls'
import { t } from '../words/i18n'

interface Command {
  words: string
  kind: string
  run: () => void
}

/** Goes anywhere by typing: screens, tenants, saved searches, an event by its id, or a search. */
export default function CommandPalette({ close, showKeys }: { close: () => void; showKeys: () => void }) {
  const session = useSession()
  const tenant = useTenant()
  const router = useRouter()
  const choose = useChoose()
  const { data: searches } = useQuery(searchesQuery(tenant.name))
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const go = (href: string) => () => void router.navigate({ href })
  const screen = t('Screen')
  const commands: Command[] = [
    { words: t('Overview'), kind: screen, run: go(urls.overview(tenant.name)) },
    { words: t('Events'), kind: screen, run: go(urls.events(tenant.name)) },
    { words: t('Failed sign-ins'), kind: t('Search'), run: go(urls.events(tenant.name, { q: 'activity:login outcome:failure' })) },
    { words: t('High priority'), kind: t('Search'), run: go(urls.events(tenant.name, { q: 'severity:>=high' })) },
    { words: t('Exports'), kind: t('Search'), run: go(urls.events(tenant.name, { q: 'activity:export' })) },
    { words: t('What Annals itself did'), kind: t('Search'), run: go(urls.events(tenant.name, { q: 'kind:own', own: 'include' })) },
    ...(tenant.permissions.includes('config.read')
      ? (['people', 'teams', 'keys', 'tenants', 'general'] as const).map((section) => ({
          words: { people: t('People'), teams: t('Teams'), keys: t('API keys'), tenants: t('Tenants'), general: t('General settings') }[section],
          kind: t('Settings'),
          run: go(urls.settings(tenant.name, section)),
        }))
      : []),
    { words: t('Your account'), kind: screen, run: go(urls.account(tenant.name)) },
    ...session.tenants.filter((one) => one.name !== tenant.name).map((one) => ({ words: one.organization || one.name, kind: t('Tenant'), run: go(urls.overview(one.name)) })),
    ...(searches ?? []).map((one) => ({ words: one.name, kind: t('Saved search'), run: go(urls.events(tenant.name, eventSearch({ ...one.params, q: one.query }))) })),
    { words: t('Light theme'), kind: t('Theme'), run: () => choose({ theme: 'light' }) },
    { words: t('Dark theme'), kind: t('Theme'), run: () => choose({ theme: 'dark' }) },
    { words: t('Theme of the system'), kind: t('Theme'), run: () => choose({ theme: 'auto' }) },
    { words: t('Times in UTC'), kind: t('Time zone'), run: () => choose({ zone: 'UTC' }) },
    { words: t('Keys and marks'), kind: t('Help'), run: showKeys },
    { words: t('Sign out'), kind: t('Session'), run: () => void identity.signOut().finally(left) },
  ]
  const typed = text.trim().toLowerCase()
  const found = commands.filter((command) => typed.split(/\s+/).every((word) => `${command.words} ${command.kind}`.toLowerCase().includes(word)))
  if (/^log-\d{4}-\d+$/.test(typed)) found.unshift({ words: text.trim().toUpperCase(), kind: t('Event'), run: go(urls.entry(tenant.name, text.trim().toUpperCase())) })
  else if (typed) found.push({ words: t('Search events for {{text}}', { text: text.trim() }), kind: t('Search'), run: go(urls.events(tenant.name, { q: text.trim() })) })
  const chosen = Math.min(at, found.length - 1)
  const run = (command: Command | undefined) => {
    if (!command) return
    close()
    command.run()
  }
  return (
    <Window close={close} withCloseButton={false} title={t('Search and commands')} classNames={{ header: 'hidden' }} size="lg" padding="xs" yOffset="12vh">
      <TextInput
        data-autofocus
        placeholder={t('Go to a screen, an event id, or search')}
        aria-label={t('Go to a screen, an event id, or search')}
        role="combobox"
        aria-expanded
        aria-controls="commands"
        aria-activedescendant={found[chosen] ? `command-${chosen}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
          else if (event.key === 'Enter') run(found[chosen])
          else return
          event.preventDefault()
        }}
      />
      <ul className="commands" id="commands" role="listbox" aria-label={t('Commands')}>
        {found.map((command, place) => (
          <li
            key={`${command.kind} ${command.words} ${place}`}
            id={`command-${place}`}
            role="option"
            aria-selected={place === chosen}
            ref={place === chosen ? (item) => item?.scrollIntoView({ block: 'nearest' }) : undefined}
            onMouseMove={() => setAt(place)}
            onClick={() => run(command)}
          >
            <bdi>{command.words}</bdi> <span className="muted">{command.kind}</span>
          </li>
        ))}
      </ul>
    </Window>
  )
}
