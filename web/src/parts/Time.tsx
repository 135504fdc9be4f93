import { Tooltip } from '@mantine/core'
import { useRef, useState } from 'react'
import { useZone } from '../session/session'
import { t } from '../words/i18n'
import { columnTime, dateTime, offsetName, reading, relative, utcMicroseconds } from '../words/time'

interface Props {
  /** RFC 3339, with the offset it was sent with. */
  value: string | null | undefined
  now: Date
  /** `reading` is relative up to a day; `column` always a date and a time. */
  as?: 'reading' | 'column'
  /** Whether the Tab key stops at a reading; in a list it stops at one. */
  stop?: boolean
}

/** A time. Hovering or focusing it shows the viewer's zone, the event's own offset, and UTC exactly. */
export function Time(props: Props) {
  return <TimeIn {...props} zone={useZone()} />
}

/** The same where the zone is known: a list that scrolls has no time to ask for it in every row. */
export function TimeIn({ value, now, as = 'reading', stop = true, zone }: Props & { zone: string }) {
  const box = useRef<HTMLTimeElement>(null)
  const [looked, setLooked] = useState(false)
  const at = value ? new Date(value) : undefined
  if (!value || !at || Number.isNaN(at.getTime())) return <span className="muted">{t('not recorded')}</span>
  const column = as === 'column' ? columnTime(at, zone, now) : undefined
  const look = () => setLooked(true)
  const leave = () => setLooked(false)
  return (
    <>
      <time ref={box} dateTime={value} className={as === 'column' ? 'mono' : undefined} tabIndex={as === 'column' || !stop ? undefined : 0} onPointerEnter={look} onPointerLeave={leave} onFocus={look} onBlur={leave}>
        {column ? (
          <>
            <span className="muted">{column.date}</span> {column.time}
          </>
        ) : (
          reading(at, zone, now)
        )}
      </time>
      {/* There are as many times as rows: only the one looked at has a tooltip. */}
      {looked && <Tooltip label={<TimeReadings value={value} at={at} zone={zone} now={now} />} multiline opened target={box} />}
    </>
  )
}

function TimeReadings({ value, at, zone, now }: { value: string; at: Date; zone: string; now: Date }) {
  const offset = /([+-]\d{2}:\d{2})$/.exec(value)?.[1]
  const ago = relative(at, now)
  return (
    <span className="readings">
      <span>{zone}</span>
      <span className="mono">
        {dateTime(at, zone)} {offsetName(at, zone)}
      </span>
      {offset && (
        <>
          <span>{t('as sent')}</span>
          <span className="mono">{value}</span>
        </>
      )}
      <span>UTC</span>
      <span className="mono">{utcMicroseconds(value)}</span>
      {ago && (
        <>
          <span>{t('relative')}</span>
          <span>{ago}</span>
        </>
      )}
    </span>
  )
}
