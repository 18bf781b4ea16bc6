import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef, useState } from 'react'
import UPlot from 'uplot'
import { useDark } from '../shell/theme'

export interface Line {
  label: string
  values: (number | null)[]
  colour: string // the name of a token, such as --accent
  filled?: boolean
  bars?: boolean
}

interface Props {
  label: string // what is drawn, for who can't see it
  at: number[] // seconds since 1970, ascending
  lines: Line[] // bars are drawn first to last, the highest first
  format: (n: number | null) => string
  height?: number
  steps?: number[] // what may lie between two lines of the grid; whatever fits unless given
}

// resolved is a token's colour as a canvas takes it.
function resolved(token: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${token})`
  document.body.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  return colour
}

const clear = (colour: string, alpha: number): string => `rgba(${(colour.match(/[\d.]+/g) ?? []).slice(0, 3).join(',')}, ${alpha})`

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const dated = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** Chart draws series over time, and what they are at the pointer. */
export default function Chart({ label, at, lines, format, height = 168, steps }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const dark = useDark()
  const [index, setIndex] = useState<number | null>(null)
  const shape = lines.map((l) => l.label).join()
  useEffect(() => {
    const at0 = box.current!
    const quiet = resolved('--quiet')
    const grid = { stroke: clear(resolved('--line'), 0.9), width: 1 }
    const font = `11px ${getComputedStyle(document.body).fontFamily}`
    const bars = UPlot.paths.bars!({ size: [0.7, 14], radius: 0.15 })
    const spline = UPlot.paths.linear!()
    const made = new UPlot(
      {
        width: at0.clientWidth,
        height,
        padding: [8, 16, 0, 0],
        legend: { show: false },
        cursor: { points: { size: 6 }, drag: { x: false, y: false }, y: false, x: true },
        scales: { y: { range: (_, __, high) => [0, Math.max((high ?? 0) * 1.12, steps ? steps[0]! : 1)] } },
        axes: [
          { stroke: quiet, font, grid: { show: false }, ticks: { show: false }, size: 24, space: 70, values: (_, ticks) => ticks.map((t) => clockOrDay(t, at)) },
          { stroke: quiet, font, grid, ticks: { show: false }, size: 58, space: 34, values: (_, ticks) => ticks.map((t) => format(t)), ...(steps ? { incrs: steps } : {}) },
        ],
        series: [
          {},
          ...lines.map((l) => {
            const colour = resolved(l.colour)
            return { label: l.label, stroke: l.bars ? clear(colour, 0) : colour, width: l.bars ? 0 : 1.5, points: { show: !l.bars, size: 5, fill: colour, filter: (u: UPlot, i: number) => lonely(u.data[i]!) }, ...(l.bars ? { fill: colour, paths: bars } : { paths: spline, ...(l.filled ? { fill: clear(colour, 0.1) } : {}) }), spanGaps: l.filled === true }
          }),
        ],
        hooks: { setCursor: [(u) => setIndex(u.cursor.idx ?? null)] },
      },
      [at, ...lines.map((l) => l.values)],
      at0,
    )
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: at0.clientWidth, height }))
    watch.observe(at0)
    return () => (watch.disconnect(), made.destroy())
    // New data goes into the same picture, below.
  }, [dark, shape, height])
  useEffect(() => plot.current?.setData([at, ...lines.map((l) => l.values)]), [at, lines])
  const shown = index ?? at.length - 1
  const value = (l: Line): number | null => (index === null ? l.values.findLast((v) => v !== null) : l.values[index]) ?? null // the minute under way has no value yet
  return (
    <div className="chart" aria-label={`${label}: ${lines.map((l) => `${l.label} ${format(value(l))}`).join(', ')}`} role="img">
      <div ref={box} className="plot" />
      <div className="keys" aria-hidden>
        <span className="quiet number">{at[shown] !== undefined && dated.format(at[shown] * 1000)}</span>
        {lines.map((l) => (
          <span key={l.label} className="key"><i style={{ background: `var(${l.colour})` }} />{l.label} <b className="number">{format(value(l))}</b></span>
        ))}
      </div>
    </div>
  )
}

// lonely is which values have none beside them: no line shows those.
const lonely = (values: ArrayLike<number | null | undefined>): number[] => Array.from(values, (_, i) => i).filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null)

function clockOrDay(t: number, at: number[]): string {
  const days = (at.at(-1)! - at[0]!) / 86_400
  return days > 2 ? new Date(t * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' }) : clock.format(t * 1000)
}
