import { Button } from '@mantine/core'
import { type PointerEvent, useId, useRef, useState } from 'react'
import { ApiError } from '../api/client'
import { t } from '../words/i18n'
import { axisTime, dateMinute, number, wallClock } from '../words/time'
import { useZone } from '../session/session'
import { useWidth } from './useWidth'

export interface Bar {
  start: Date
  end: Date
  /** The same as the API takes them, to the microsecond. */
  from: string
  to: string
  total: number
  counts: Record<string, number>
}

interface Props {
  bars: Bar[]
  /** The values bars are stacked of, from the bottom up, each with its word and the class of its colour. */
  layers: { value: string; words: string; colour: string }[]
  label: string
  height?: number
  loading?: boolean
  /** A stretch was dragged over, or a bar picked. */
  onPick: (from: string, to: string) => void
}

const AXIS_HEIGHT = 18
const LEFT = 44
const TICK_CHARACTER_PX = 6

/** Counts over time. Dragging picks a stretch; the same numbers stand in a table for who asks. */
export function Bars({ bars, layers, label, height = 96, loading, onPick }: Props) {
  const zone = useZone()
  const [box, width] = useWidth()
  const [drag, setDrag] = useState<{ from: number; to: number }>()
  const [over, setOver] = useState<number>()
  const id = useId()
  const pressed = useRef(false)
  const plot = Math.max(0, width - LEFT)
  const most = nice(Math.max(1, ...bars.map((bar) => bar.total)))
  const tall = height - AXIS_HEIGHT - 6
  const step = bars.length ? plot / bars.length : 0
  const gap = step > 6 ? 1.5 : step > 3 ? 0.5 : 0
  const barAt = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT
    return Math.min(bars.length - 1, Math.max(0, Math.floor(x / step)))
  }
  const up = () => {
    if (!pressed.current || !drag) return
    pressed.current = false
    const [first, last] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]
    setDrag(undefined)
    const [from, to] = [bars[first], bars[last]]
    if (from && to) onPick(from.from, to.to)
  }
  // The first and the last one may be cut.
  const stepMs = Math.max(1, ...bars.map((bar) => bar.end.getTime() - bar.start.getTime()))
  const ticks = ticksOf(bars, zone, step)
  const hovered = over === undefined ? undefined : bars[over]
  return (
    <figure className="bars" ref={box} aria-label={label}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={loading && !bars.length ? t('{{label}}: counting …', { label }) : t('{{label}}: {{total}} events in {{count}} bars. Press v for a table.', { label, total: number(bars.reduce((sum, bar) => sum + bar.total, 0)), count: bars.length })}
        className={loading ? 'bars-loading' : undefined}
        onPointerDown={(event) => {
          if (!bars.length || event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          pressed.current = true
          const at = barAt(event)
          setDrag({ from: at, to: at })
        }}
        onPointerMove={(event) => {
          if (!bars.length) return
          const at = barAt(event)
          setOver(at)
          if (pressed.current) setDrag((before) => before && { ...before, to: at })
        }}
        onPointerUp={up}
        onPointerCancel={() => {
          pressed.current = false
          setDrag(undefined)
        }}
        onPointerLeave={() => setOver(undefined)}
      >
        <defs>
          <pattern id={`${id}-slant`} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="1.4" height="4" className="pattern" />
          </pattern>
          <pattern id={`${id}-dots`} width="4" height="4" patternUnits="userSpaceOnUse">
            <circle cx="1.5" cy="1.5" r="0.9" className="pattern" />
          </pattern>
        </defs>
        {[0, most / 2, most].map((value) => {
          const y = 6 + tall - (value / most) * tall
          return (
            <g key={value}>
              <line x1={LEFT} x2={width} y1={y} y2={y} className="grid" />
              {Number.isInteger(value) && (
                <text x={LEFT - 6} y={y + 3.5} textAnchor="end" className="tick">
                  {short(value)}
                </text>
              )}
            </g>
          )
        })}
        {bars.map((bar, place) => {
          let y = 6 + tall
          return (
            <g key={bar.start.getTime()}>
              {layers.map(({ value, colour }, layer) => {
                const count = bar.counts[value] ?? 0
                if (!count) return null
                const size = (count / most) * tall
                y -= size
                const box = { x: LEFT + place * step + gap / 2, y, width: Math.max(0.6, step - gap), height: size }
                return (
                  <g key={value}>
                    <rect {...box} className={`fill ${colour}`} />
                    {layer % 3 !== 0 && size > 2 && step > 4 && <rect {...box} fill={`url(#${id}-${layer % 3 === 1 ? 'slant' : 'dots'})`} />}
                  </g>
                )
              })}
              {ticks.has(place) && <Tick x={LEFT + place * step} y={height - 4} end={width} words={axisTime(bar.start, zone, stepMs)} />}
            </g>
          )
        })}
        {over !== undefined && !drag && <rect x={LEFT + over * step} y={0} width={step} height={6 + tall} className="hover" />}
        {drag && <rect x={LEFT + Math.min(drag.from, drag.to) * step} y={0} width={(Math.abs(drag.to - drag.from) + 1) * step} height={6 + tall} className="brush" />}
      </svg>
      {hovered && over !== undefined && (
        <div className="bars-tip" style={over > bars.length / 2 ? { left: LEFT + 4 } : { right: 4 }} role="presentation">
          <strong>
            {dateMinute(hovered.start, zone)} – {dateMinute(hovered.end, zone)}
          </strong>
          <span className="mono">{number(hovered.total)}</span>
          {layers
            .filter(({ value }) => hovered.counts[value])
            .map(({ value, words, colour }) => (
              <span key={value} className="tip-line">
                <span className={`dot ${colour}`} aria-hidden /> {words} <span className="mono">{number(hovered.counts[value]!)}</span>
              </span>
            ))}
        </div>
      )}
    </figure>
  )
}

/** A label of the axis, if there is room for it before the end. */
function Tick({ x, y, end, words }: { x: number; y: number; end: number; words: string }) {
  if (x + words.length * TICK_CHARACTER_PX > end) return null
  return (
    <text x={x} y={y} className="tick">
      {words}
    </text>
  )
}

/** The same numbers as a table; every time is a link's worth of a button to that stretch. */
export function BarsTable({ bars, layers, label, onPick }: Props) {
  const zone = useZone()
  return (
    <div className="bars-table" tabIndex={0} role="region" aria-label={label}>
      <table className="plain">
        <thead>
          <tr>
            <th>{t('From')}</th>
            <th>{t('To')}</th>
            <th className="right">{t('Events')}</th>
            {layers.map(({ value, words }) => (
              <th key={value} className="right">
                {words}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.start.getTime()}>
              <td>
                <button type="button" className="link mono" onClick={() => onPick(bar.from, bar.to)}>
                  {dateMinute(bar.start, zone)}
                </button>
              </td>
              <td className="mono">{dateMinute(bar.end, zone)}</td>
              <td className="right mono">{number(bar.total)}</td>
              {layers.map(({ value }) => (
                <td key={value} className="right mono">
                  {number(bar.counts[value] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** In place of a chart whose numbers are not known. What is wrong with the question is said elsewhere. */
export function NotCounted({ label, height = 96, error, retry }: { label: string; height?: number; error: unknown; retry: () => void }) {
  const asked = error instanceof ApiError && error.status === 400
  return (
    <figure className="bars bars-none" style={{ height }} aria-label={label}>
      <p role={asked ? undefined : 'alert'} className={asked ? 'muted' : 'wrong'} title={error instanceof Error ? error.message : undefined}>
        {t('Not counted')}
      </p>
      {!asked && (
        <Button size="compact-sm" variant="default" onClick={retry}>
          {t('Count again')}
        </Button>
      )}
    </figure>
  )
}

const TICK_PX = 72

/** Bars that get a label: the beginnings of days where there are several, as far apart as words need. */
function ticksOf(bars: Bar[], zone: string, step: number): Set<number> {
  const clocks = bars.map((bar) => wallClock(bar.start, zone))
  const days = clocks.flatMap((clock, place) => (clock.hour === 0 && clock.minute === 0 ? [place] : []))
  const hours = clocks.flatMap((clock, place) => (clock.minute === 0 && clock.hour % 3 === 0 ? [place] : []))
  const candidates = days.length > 2 ? days : hours.length > 2 ? hours : bars.map((_, place) => place)
  const ticks = new Set<number>()
  let last = Number.NEGATIVE_INFINITY
  for (const place of candidates) {
    if ((place - last) * step < TICK_PX) continue
    ticks.add(place)
    last = place
  }
  return ticks
}

/** A round number not below. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 2, 4, 6, 8, 10]) if (step * power >= value) return step * power
  return value
}

function short(value: number): string {
  return value >= 10_000 ? `${number(value / 1000, 1)}k` : number(value)
}
