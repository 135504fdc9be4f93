import { ActionIcon, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useState } from 'react'
import { t } from '../words/i18n'

/** Copies a text; where the page may not, selects nothing and says so. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState<'copied' | 'refused'>()
  const words = done === 'copied' ? t('Copied') : done === 'refused' ? t('The browser does not allow copying here') : label
  return (
    <Tooltip label={words}>
      <ActionIcon
        size="xs"
        color="gray"
        className="copy"
        aria-label={words}
        onClick={(event) => {
          event.stopPropagation()
          void copyText(text).then((copied) => {
            setDone(copied ? 'copied' : 'refused')
            setTimeout(() => setDone(undefined), 1500)
          })
        }}
      >
        {done === 'copied' ? <IconCheck size={13} /> : <IconCopy size={13} />}
      </ActionIcon>
    </Tooltip>
  )
}
