import { ActionIcon, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useState } from 'react'
import { t } from '../words/i18n'

/** How long it is said that something was copied. */
const SAID_MS = 1500

/** Copies a text; where the page may not, selects nothing and says so. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

/** Copies, and has words for what came of it for a moment. */
export function useCopied(): { done?: 'copied' | 'refused'; words?: string; copy: (text: string) => void } {
  const [done, setDone] = useState<'copied' | 'refused'>()
  const copy = (text: string) =>
    void copyText(text).then((copied) => {
      setDone(copied ? 'copied' : 'refused')
      setTimeout(() => setDone(undefined), SAID_MS)
    })
  return { done, words: done && (done === 'copied' ? t('Copied') : t('The browser does not allow copying here')), copy }
}

export function Copy({ text, label }: { text: string; label: string }) {
  const { done, words = label, copy } = useCopied()
  return (
    <Tooltip label={words}>
      <ActionIcon
        size="xs"
        color="gray"
        className="copy"
        aria-label={words}
        onClick={(event) => {
          event.stopPropagation()
          copy(text)
        }}
      >
        {done === 'copied' ? <IconCheck size={13} /> : <IconCopy size={13} />}
      </ActionIcon>
    </Tooltip>
  )
}
