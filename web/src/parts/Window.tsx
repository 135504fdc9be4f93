import { Modal, type ModalProps } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { t } from '../words/i18n'
import { useReturnFocus } from './useReturnFocus'

interface Props extends Omit<ModalProps, 'opened' | 'onClose' | 'children'> {
  close: () => void
  /** What is typed in it is worth keeping: only the second try to close it without a button does. */
  keepsTyped?: boolean
  children: ReactNode
}

/** A dialog over the page, open as long as it is drawn. Afterwards the focus is where it was before. */
export function Window({ close, keepsTyped, children, ...rest }: Props) {
  useReturnFocus()
  const [typed, setTyped] = useState(false)
  const [warned, setWarned] = useState(false)
  const leave = () => {
    if (keepsTyped && typed && !warned) setWarned(true)
    else close()
  }
  return (
    <Modal opened onClose={leave} closeButtonProps={{ 'aria-label': t('Close') }} {...rest}>
      <div
        onInput={() => {
          setTyped(true)
          setWarned(false)
        }}
      >
        {warned && (
          <p className="notice" role="alert">
            {t('What you typed was not sent. Esc once more throws it away.')}
          </p>
        )}
        {children}
      </div>
    </Modal>
  )
}
