import { Maximize, Minus, Plus, Search } from 'lucide-react'
import { Fragment, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { Schema } from '../../api/console'
import { Button } from '../../ui/button'
import { Picker } from '../../ui/picker'
import { plural } from '../../ui/words'
import { fieldsShown, layout, type Line, type Node } from './layout'

interface View {
  x: number
  y: number
  scale: number
  glides?: boolean // it goes there, and does not jump
}

interface Props {
  schema: Schema
  chosen: string | undefined
  onChoose: (model: string | undefined) => void
}

const space = 28 // pixels around the picture when it is fitted
const panel = 368 // pixels that what is said of a model takes on a wide page
const narrow = 640 // pixels of a window where the picture is another
const readable = 0.8 // the least scale to look at one model in

/** Picture draws the models and how they refer to each other; one pans by dragging, zooms by the wheel, and goes from model to model by arrows. */
export function Picture({ schema, chosen, onChoose }: Props) {
  const box = useRef<SVGSVGElement>(null)
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 })
  const [over, setOver] = useState<string | undefined>()
  const models = useMemo(() => schema.models.filter((m) => !m.join), [schema])
  const most = fieldsShown(models.length)
  const [room, setRoom] = useState(roomFor)
  const picture = useMemo(() => layout(models, schema.edges, most, room), [models, schema.edges, most, room])
  const bright = over ?? chosen
  const near = useMemo(() => new Set(bright === undefined ? [] : [bright, ...picture.lines.flatMap((l) => (l.from === bright ? [l.to] : l.to === bright ? [l.from] : []))]), [bright, picture])
  const beside = useRef(false) // whether the panel about a model is open
  beside.current = chosen !== undefined
  const fit = useCallback(() => {
    const at = box.current?.getBoundingClientRect()
    if (!at) return
    const [wide, high] = free(at, beside.current)
    const scale = Math.min(1.15, (wide - 2 * space) / picture.width, (high - 2 * space) / picture.height)
    setView({ scale, x: (wide - picture.width * scale) / 2, y: (high - picture.height * scale) / 2 })
  }, [picture])
  useEffect(() => {
    fit()
    let first = true
    const watch = new ResizeObserver(() => {
      if (!first) fit()
      first = false // it tells of the size there is, too
      setRoom((old) => (old[0] > narrow === innerWidth > narrow ? old : roomFor()))
    })
    watch.observe(box.current!)
    return () => watch.disconnect()
  }, [fit])
  useEffect(() => { // what is chosen comes into sight, beside the panel about it
    const node = picture.nodes.find((n) => n.model.name === chosen)
    const at = box.current?.getBoundingClientRect()
    if (!node || !at) return
    const [wide, high] = free(at, true)
    setView((v) => {
      const scale = Math.max(v.scale, readable)
      const [x, y] = [v.x + node.x * v.scale, v.y + node.y * v.scale]
      if (scale === v.scale && x > 0 && y > 0 && x + node.width * scale < wide && y + node.height * scale < high) return v
      return { scale, glides: true, x: wide / 2 - (node.x + node.width / 2) * scale, y: high / 2 - (node.y + node.height / 2) * scale }
    })
  }, [chosen, picture])
  const zoom = useCallback((by: number, cx?: number, cy?: number) => {
    const at = box.current!.getBoundingClientRect()
    setView((v) => {
      const scale = Math.max(0.15, Math.min(2.5, v.scale * by))
      const [px, py] = [cx ?? at.width / 2, cy ?? at.height / 2]
      return { scale, x: px - ((px - v.x) * scale) / v.scale, y: py - ((py - v.y) * scale) / v.scale }
    })
  }, [])
  useEffect(() => {
    const at = box.current!
    const wheel = (e: WheelEvent): void => { // React's own listener may not keep the page from scrolling
      e.preventDefault()
      const r = at.getBoundingClientRect()
      if (e.ctrlKey || e.metaKey || Math.abs(e.deltaX) < Math.abs(e.deltaY)) zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0016)), e.clientX - r.left, e.clientY - r.top)
      else setView((v) => ({ ...v, glides: false, x: v.x - e.deltaX }))
    }
    at.addEventListener('wheel', wheel, { passive: false })
    return () => at.removeEventListener('wheel', wheel)
  }, [zoom])
  const drags = useDrag(setView, zoom, box)
  const tabbed = chosen ?? picture.nodes[0]?.model.name
  const move = (e: KeyboardEvent, node: Node): void => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    if (e.key === 'Enter' || e.key === ' ') onChoose(node.model.name)
    else if (e.key === 'Escape') onChoose(undefined)
    else if (e.key === '+' || e.key === '=') zoom(1.3)
    else if (e.key === '-') zoom(1 / 1.3)
    else if (e.key === '0') fit()
    else {
      const next = neighbour(picture.nodes, node, e.key)
      if (!next) return
      box.current?.querySelector<SVGGElement>(`[data-model="${next.model.name}"]`)?.focus()
    }
    e.preventDefault()
  }
  return (
    <div className="picture">
      <svg ref={box} role="group" aria-label={`The schema: ${models.length} models, ${picture.lines.length} relations`} {...drags} onClick={(e) => e.target === box.current && onChoose(undefined)}>
        <defs>
          {['', '-bright'].map((look) => (
            <Fragment key={look}>
              <marker id={`many${look}`} viewBox="0 0 12 12" refX="11" refY="6" markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" orient="auto-start-reverse"><path d="M0,6 L11,1 M0,6 L11,6 M0,6 L11,11" className={`mark${look}`} /></marker>
              <marker id={`one${look}`} viewBox="0 0 12 12" refX="11" refY="6" markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" orient="auto-start-reverse"><path d="M4,1.5 L4,10.5" className={`mark${look}`} /></marker>
            </Fragment>
          ))}
        </defs>
        <g style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }} className={`drawing${bright ? ' some' : ''}${most === 0 ? ' compact' : ''}${view.glides ? ' glides' : ''}`}>
          {picture.lines.map((l, i) => <Relation key={i} line={l} picture={picture.nodes} bright={bright !== undefined && (l.from === bright || l.to === bright)} />)}
          {picture.nodes.map((n) => (
            <g
              key={n.model.name}
              data-model={n.model.name}
              className={`model${near.has(n.model.name) ? ' near' : ''}${chosen === n.model.name ? ' chosen' : ''}${n.model.builtIn ? ' built' : ''}`}
              transform={`translate(${n.x} ${n.y})`}
              role="button"
              aria-pressed={chosen === n.model.name}
              aria-label={[cut(n.model.name, 16), more(n), ...n.fields.flatMap((f) => [cut(f.name, 15), cut(f.type, 13)])].join(' ')}
              tabIndex={n.model.name === tabbed ? 0 : -1}
              onClick={() => onChoose(n.model.name)}
              onKeyDown={(e) => move(e, n)}
              onPointerEnter={() => setOver(n.model.name)}
              onPointerLeave={() => setOver(undefined)}
              onFocus={() => setOver(n.model.name)}
              onBlur={() => setOver(undefined)}
            >
              {n.model.name.length > 16 && <title>{n.model.name}</title>}
              <rect width={n.width} height={n.height} rx="8" />
              <text x="12" y="22" className="name">{cut(n.model.name, 16)}{' '}</text>
              <text x={n.width - 12} y="22" className="more" textAnchor="end">{more(n)}{' '}</text>
              {n.fields.length > 0 && <line x1="0" x2={n.width} y1="34" y2="34" />}
              {n.fields.map((f, i) => (
                <g key={f.name} transform={`translate(0 ${34 + 4 + (i + 1) * 19 - 5})`} className={f.kind === 'relation' ? 'relation' : undefined}>
                  <text x="12">{cut(f.name, 15)}{' '}</text>
                  <text x={n.width - 12} textAnchor="end" className="type">{cut(f.type, 13)}{' '}</text>
                </g>
              ))}
            </g>
          ))}
        </g>
      </svg>
      {models.length > 7 && (
        <div className="findmodel">
          <Picker label="Find a model" placeholder="Find a model…" none="No model of that name" value={chosen} onPick={onChoose} choices={models.map((m) => ({ value: m.name, label: m.name, detail: plural(m.fields.filter((f) => !f.implicit).length, 'field') }))} trigger={<Button icon={<Search size={14} />}>Find a model</Button>} />
        </div>
      )}
      <p className="picturekeys small quiet" aria-hidden>Arrows go from model to model, Enter opens one, + and − zoom, 0 fits all</p>
      <div className="zoom">
        <Button tiny aria-label="Zoom in" icon={<Plus size={14} />} onClick={() => zoom(1.3)} />
        <Button tiny aria-label="Zoom out" icon={<Minus size={14} />} onClick={() => zoom(1 / 1.3)} />
        <Button tiny aria-label="Fit all models" icon={<Maximize size={13} />} onClick={fit} />
      </div>
    </div>
  )
}

function Relation({ line, picture, bright }: { line: Line; picture: Node[]; bright: boolean }) {
  const [from, to] = [picture.find((n) => n.model.name === line.from)!, picture.find((n) => n.model.name === line.to)!]
  const both = line.edges.some((e) => e.type === 'manyToMany')
  const single = line.edges.some((e) => e.type === 'hasOne')
  const forward = to.x <= from.x // the path goes from left to right, and the many are mostly right
  const [left, right] = forward ? [both ? 'many' : 'one', single ? 'one' : 'many'] : [single ? 'one' : 'many', both ? 'many' : 'one']
  const look = bright ? '-bright' : ''
  return <path d={line.path} className={bright ? 'line bright' : 'line'} markerStart={`url(#${left}${look})`} markerEnd={`url(#${right}${look})`} />
}

// more is what stands behind a model's name: how many fields it has where not all are drawn.
function more({ model, fields }: Node): string {
  const own = model.fields.filter((f) => !f.implicit).length
  return model.scope === 'global' ? 'global' : fields.length < own ? String(own) : ''
}

// roomFor is about how large the picture's box is, which says in how many columns it is drawn.
const roomFor = (): [number, number] => (innerWidth > narrow ? [innerWidth - 220, innerHeight - 66] : [innerWidth, innerHeight - 150])

// free is what of the picture's box the panel about a model leaves free: beside it, or
// above it on a phone.
function free(at: DOMRect, panelled: boolean): [number, number] {
  if (!panelled) return [at.width, at.height]
  return at.width > 2 * panel ? [at.width - panel, at.height] : [at.width, at.height * 0.55]
}

const cut = (text: string, most: number): string => (text.length > most ? text.slice(0, most - 1) + '…' : text)

// neighbour is the next model in a direction.
function neighbour(nodes: Node[], from: Node, key: string): Node | undefined {
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key]
  if (!way) return undefined
  let [best, least]: [Node | undefined, number] = [undefined, Infinity]
  for (const n of nodes) {
    const [dx, dy] = [n.x + n.width / 2 - from.x - from.width / 2, n.y + n.height / 2 - from.y - from.height / 2]
    const along = dx * way[0]! + dy * way[1]!
    const across = Math.abs(dx * way[1]!) + Math.abs(dy * way[0]!)
    if (along > 5 && along + across * 2.5 < least) [best, least] = [n, along + across * 2.5]
  }
  return best
}

// useDrag pans by one pointer and zooms by two.
function useDrag(setView: (change: (v: View) => View) => void, zoom: (by: number, x: number, y: number) => void, box: React.RefObject<SVGSVGElement | null>) {
  const pointers = useRef(new Map<number, { x: number; y: number }>())
  const end = (e: PointerEvent): void => void pointers.current.delete(e.pointerId)
  return {
    onPointerDown: (e: PointerEvent<SVGSVGElement>) => {
      pointers.current.set(e.pointerId, { x: e.clientX, y: e.clientY })
      if (e.target === box.current) e.currentTarget.setPointerCapture(e.pointerId)
    },
    onPointerMove: (e: PointerEvent) => {
      const old = pointers.current.get(e.pointerId)
      if (!old) return
      const now = { x: e.clientX, y: e.clientY }
      const other = [...pointers.current].find(([id]) => id !== e.pointerId)?.[1]
      if (other) {
        const r = box.current!.getBoundingClientRect()
        zoom(Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(old.x - other.x, old.y - other.y)), (now.x + other.x) / 2 - r.left, (now.y + other.y) / 2 - r.top)
      } else setView((v) => ({ scale: v.scale, x: v.x + now.x - old.x, y: v.y + now.y - old.y }))
      pointers.current.set(e.pointerId, now)
    },
    onPointerUp: end,
    onPointerCancel: end,
    onPointerLeave: end,
  }
}
