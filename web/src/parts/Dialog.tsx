import { Button, Group, Stack, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { both, termText } from '../query/terms'
import { Copy } from './Copy'
import { tell } from './done'
import { useUnsent } from '../session/confirm'
import { useTry } from './useTry'
import { Window } from './Window'
import { t } from '../words/i18n'

interface FormProps {
  title: string
  submit: string
  close: () => void
  act: () => Promise<unknown>
  ready?: boolean
  children: ReactNode
}

/** A form in a dialog: it closes when the action has succeeded, and says why when it has not. */
export function FormDialog({ title, submit, close, act, ready = true, children }: FormProps) {
  useUnsent()
  const { busy, error, run } = useTry()
  return (
    <Window close={close} title={title} keepsTyped>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(act).then((done) => done && close())
        }}
      >
        <Stack gap="sm">
          {children}
          {error && (
            <p className="wrong" role="alert">
              {error.message}
            </p>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('Cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={!ready}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Window>
  )
}

interface DangerProps {
  title: string
  /** What is typed to confirm. */
  name: string
  submit: string
  /** What happens and what stays. */
  children: ReactNode
  /** The event that records it; absent where nobody could read it afterwards. */
  record?: { tenant: string; action: string; target: string }
  close: () => void
  act: () => Promise<unknown>
}

/** Something that cannot be taken back: names the thing and asks for its name. */
export function DangerDialog({ title, name, submit, children, record, close, act }: DangerProps) {
  useUnsent()
  const [typed, setTyped] = useState('')
  const { busy, error, run } = useTry()
  return (
    <Window close={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run(act).then((done) => {
            if (!done) return
            close()
            if (record) tell({ words: t('Done: {{what}}', { what: title }), tenant: record.tenant, q: both(termText('action', [record.action]), termText('target.id', [record.target])) })
          })
        }}
      >
        <Stack gap="sm">
          <div>{children}</div>
          <TextInput label={t('Type “{{name}}” to confirm', { name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" data-autofocus error={error?.message} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('Cancel')}
            </Button>
            <Button type="submit" color="red" loading={busy} disabled={typed.trim() !== name}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Window>
  )
}

/** A text that is shown once: a key or a link. */
export function ShownOnce({ title, text, words, close }: { title: string; text: string; words: string; close: () => void }) {
  return (
    <Window close={close} title={title} closeOnClickOutside={false}>
      <Stack gap="sm">
        <p>{words}</p>
        <p className="secret">
          <code className="mono">{text}</code> <Copy text={text} label={t('Copy')} />
        </p>
        <Group justify="flex-end">
          <Button onClick={close}>{t('I have it')}</Button>
        </Group>
      </Stack>
    </Window>
  )
}
