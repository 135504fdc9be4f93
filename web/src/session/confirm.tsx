//! What the server wants before it does something: the password again where it was not given
//! lately, or a sign-in where the session has ended. Both are asked over the page, so that what was
//! typed there stays.

import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { ApiError } from '../api/client'
import { identity, sessionQuery } from '../api/identity'
import { Window } from '../parts/Window'
import { t } from '../words/i18n'
import { useSession } from './session'

interface Question {
  kind: 'password' | 'sign-in'
  given: Promise<boolean>
  settle: (given: boolean) => void
}

let question: Question | undefined
const listeners = new Set<() => void>()

function put(next: Question | undefined): void {
  question = next
  for (const listener of listeners) listener()
}

/** Asks, and answers whether it was given. Who asks while a question is open waits for its answer. */
function ask(kind: Question['kind']): Promise<boolean> {
  if (question) return question.given
  let settle: Question['settle'] = () => undefined
  const given = new Promise<boolean>((resolve) => (settle = resolve))
  put({ kind, given, settle })
  return given
}

function wanted(error: unknown): Question['kind'] | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.code === 'reauthenticate') return 'password'
  return error.status === 401 && error.code !== 'sign_in_failed' ? 'sign-in' : undefined
}

/** Does it; if the server wants something first, asks for it and does it again. */
export async function confirmed<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await change()
    } catch (error) {
      const kind = wanted(error)
      if (!kind || attempt === 2 || !(await ask(kind))) throw error
    }
  }
}

let unsent = 0

/** Says that something typed here would be lost by leaving the page, as long as `holds`. */
export function useUnsent(holds = true): void {
  useEffect(() => {
    if (!holds) return
    unsent += 1
    return () => void (unsent -= 1)
  }, [holds])
}

/** The session has ended while something was typed: asks for a sign-in over the page. `undefined` where nothing would be lost. */
export function signInHere(): Promise<boolean> | undefined {
  return unsent > 0 ? ask('sign-in') : undefined
}

/** The dialog that asks; stands once in the shell. */
export function PasswordQuestion() {
  const asked = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => question,
  )
  return asked && <Asked question={asked} />
}

function Asked({ question: { kind, settle } }: { question: Question }) {
  const client = useQueryClient()
  const { person } = useSession()
  const [password, setPassword] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const signIn = kind === 'sign-in'
  const close = (given: boolean) => {
    settle(given)
    put(undefined)
  }
  const send = async () => {
    setBusy(true)
    try {
      const session = await (signIn ? identity.signIn({ email: person.email, password }) : identity.confirmPassword(password))
      client.setQueryData(sessionQuery.queryKey, session)
      close(true)
    } catch (error) {
      setWrong(error instanceof ApiError && error.code === 'sign_in_failed' ? t('The password is wrong, or the account is disabled.') : (error as Error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Window close={() => close(false)} title={signIn ? t('Your session has ended') : t('Confirm with your password')} zIndex={300}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            {signIn ? (
              <>
                {t('Sign in again as')} <bdi>{person.email}</bdi>. {t('What you have typed stays.')}
              </>
            ) : (
              t('This change needs your password. It is then not asked again for a while.')
            )}
          </Text>
          <input className="hidden" type="email" autoComplete="username" value={person.email} readOnly tabIndex={-1} aria-hidden />
          <PasswordInput label={t('Password')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={wrong} autoComplete="current-password" data-autofocus />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => close(false)}>
              {t('Cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={!password}>
              {signIn ? t('Sign in') : t('Confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Window>
  )
}
