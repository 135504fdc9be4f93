//! Changes to people, keys and tenants ask for the password when it was not given lately.

import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useState, useSyncExternalStore } from 'react'
import { ApiError } from '../api/client'
import { identity } from '../api/identity'
import { t } from '../words/i18n'

interface Question {
  settle: (confirmed: boolean) => void
}

let question: Question | undefined
const listeners = new Set<() => void>()

function ask(next: Question | undefined): void {
  question = next
  for (const listener of listeners) listener()
}

/** Does it; if the server wants the password first, asks for it and does it again. */
export async function confirmed<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change()
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'reauthenticate') throw error
    const given = await new Promise<boolean>((settle) => ask({ settle }))
    if (!given) throw error
    return change()
  }
}

/** The dialog that asks; stands once in the shell. */
export function PasswordQuestion() {
  const open = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => question,
  )
  const [password, setPassword] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const close = (given: boolean) => {
    open?.settle(given)
    setPassword('')
    setWrong(undefined)
    ask(undefined)
  }
  return (
    <Modal opened={open !== undefined} onClose={() => close(false)} title={t('Confirm with your password')} closeButtonProps={{ 'aria-label': t('Close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setBusy(true)
          identity
            .confirmPassword(password)
            .then(() => close(true))
            .catch((error: Error) => setWrong(error.message))
            .finally(() => setBusy(false))
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t('This change needs your password. It is then not asked again for five minutes.')}</Text>
          <PasswordInput label={t('Password')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={wrong} autoComplete="current-password" data-autofocus />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => close(false)}>
              {t('Cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={!password}>
              {t('Confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
