import { ActionIcon, Button, Popover, TextInput, Tooltip } from '@mantine/core'
import { IconCalendar, IconChevronLeft, IconChevronRight, IconZoomOut } from '@tabler/icons-react'
import { useState } from 'react'
import { clock } from '../api/clock'
import { QUICK_RANGES, RANGE_EXAMPLES, type Range, endsNow, moments, rangeWords, shifted, typedRange, whyNoRange } from '../query/range'
import { useWeekStart, useZone } from '../session/session'
import { t } from '../words/i18n'
import { dateMinute, minuteOnly, offsetName } from '../words/time'

/** From when to when: picked, typed, moved or widened. */
export function RangePicker({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const zone = useZone()
  const weekStart = useWeekStart()
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const now = clock.now()
  const typed = typedRange(text, zone, now, weekStart)
  const meant = moments(typed ?? range, zone, now)
  const choose = (next: Range) => {
    setOpen(false)
    setText('')
    onChange(next)
  }
  const shift = (direction: -1 | 1) => {
    const next = shifted(range, direction, zone, now)
    if (next) onChange(next)
  }
  const widen = () => {
    const { from, to } = moments(range, zone, now)
    if (!from) return
    const half = (to.getTime() - from.getTime()) / 2
    const end = to.getTime() + half
    onChange({ from: new Date(from.getTime() - half).toISOString(), to: end >= now.getTime() ? undefined : new Date(end).toISOString() })
  }
  const tool = (words: string, Icon: typeof IconZoomOut, act: () => void, idle = false) => (
    <Tooltip label={words}>
      <ActionIcon color="gray" aria-label={words} onClick={act} disabled={range.from === undefined || idle}>
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  )
  return (
    <div className="range" role="group" aria-label={t('Date range')}>
      {tool(t('Earlier'), IconChevronLeft, () => shift(-1))}
      <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
        <Popover.Target>
          <Button variant="default" size="sm" leftSection={<IconCalendar size={14} />} onClick={() => setOpen(!open)} aria-expanded={open} className="range-button">
            {rangeWords(range, zone)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t('Date range')}>
          <form
            className="range-form"
            onSubmit={(event) => {
              event.preventDefault()
              if (typed) choose(typed)
            }}
          >
            <TextInput
              label={t('Date range')}
              description={RANGE_EXAMPLES.join(' · ')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={text && !typed ? whyNoRange(text, zone, now, weekStart) : undefined}
              data-autofocus
            />
            <p className="muted small mono">
              {meant.from ? dateMinute(meant.from, zone) : t('the beginning')} – {minuteOnly(meant.to, zone)} {offsetName(meant.to, zone)}
            </p>
            <ul className="quick">
              {QUICK_RANGES.map((quick) => (
                <li key={quick.words}>
                  <Button variant={quick.range.from === range.from && quick.range.to === range.to ? 'light' : 'subtle'} color="gray" fullWidth justify="start" onClick={() => choose(quick.range)}>
                    {t(quick.words)}
                  </Button>
                </li>
              ))}
            </ul>
          </form>
        </Popover.Dropdown>
      </Popover>
      {tool(t('Later'), IconChevronRight, () => shift(1), endsNow(range, zone, now))}
      {tool(t('Zoom out'), IconZoomOut, widen)}
    </div>
  )
}
