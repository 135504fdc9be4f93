import type { ReactNode } from 'react'
import { t } from '../words/i18n'
import { useNarrow } from './useNarrow'

export interface Column<T> {
  words: string
  cell: (row: T) => ReactNode
  mono?: boolean
}

interface Props<T> {
  label: string
  /** The first one names the row. */
  columns: Column<T>[]
  rows: readonly T[]
  id: (row: T) => string
  /** What can be done with a row. */
  actions?: (row: T) => ReactNode
}

/** Rows of a settings page; on a phone each is a card, so that nothing has to be scrolled sideways. */
export function Table<T>({ label, columns, rows, id, actions }: Props<T>) {
  const narrow = useNarrow()
  if (narrow) {
    return (
      <ul className="cards" aria-label={label}>
        {rows.map((row) => (
          <li key={id(row)}>
            <p className="card-name">{columns[0]?.cell(row)}</p>
            <dl>
              {columns.slice(1).map((column) => (
                <div key={column.words}>
                  <dt>{column.words}</dt>
                  <dd className={column.mono ? 'mono' : undefined}>{column.cell(row)}</dd>
                </div>
              ))}
            </dl>
            {actions?.(row)}
          </li>
        ))}
      </ul>
    )
  }
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={label}>
      <table className="plain">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.words}>{column.words}</th>
            ))}
            {actions && (
              <th>
                <span className="hidden">{t('Actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map((column) => (
                <td key={column.words} className={column.mono ? 'mono' : undefined}>
                  {column.cell(row)}
                </td>
              ))}
              {actions && <td className="actions-cell">{actions(row)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
