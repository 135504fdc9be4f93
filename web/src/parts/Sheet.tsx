import type { ReactNode } from 'react'
import { t } from '../words/i18n'

/** A page of the settings: a title, what can be done, the rest. */
export function Sheet({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className="sheet">
      <title>{t('{{title}} · Annals', { title })}</title>
      <header>
        <h1>{title}</h1>
        {actions}
      </header>
      {children}
    </div>
  )
}
