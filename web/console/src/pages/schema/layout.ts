// A layered picture of models: who is referred to stands left of who refers, lines
// cross little, and a long line goes between the models and not over them.

import type { Edge, Field, Model } from '../../api/console'

export interface Node {
  model: Model
  fields: Field[] // that are drawn
  x: number
  y: number
  width: number
  height: number
}

export interface Line {
  edges: Edge[] // both sides of one relation
  from: string // who refers
  to: string
  fromField: string | null // its side of the relation; null where it has none
  toField: string | null
  path: string
  many: boolean
}

export interface Picture {
  nodes: Node[]
  lines: Line[]
  upright: number // lines between models of one column
  width: number
  height: number
}

// Slot is a place in a layer: a model's, or where a long line passes.
interface Slot {
  id: string
  layer: number
  height: number
  y: number
  left: Slot[]
  right: Slot[]
}

const head = 34
const fieldHeight = 19

/** fieldsShown is how many fields of each model are drawn, so that all of a schema can be read at once. */
export const fieldsShown = (models: number): number => (models <= 9 ? 12 : models <= 18 ? 7 : models <= 28 ? 3 : 0)

// Measures of the drawing, in its own units.
const measures = (detailed: boolean) => (detailed ? { width: 184, x: 92, y: 26 } : { width: 156, x: 52, y: 16 })

// Plan is what all drawings of a schema share.
interface Plan {
  models: Model[]
  fields: Map<string, Field[]>
  most: number // fields of a model
  pairs: Pair[]
  linked: Model[] // with another one
  order: Model[]
  layers: Map<string, number>
}

/** layout draws models and the relations between them, in the number of columns in which they are read best in a box of that size. */
export function layout(models: Model[], edges: Edge[], most: number, [wide, high]: [number, number]): Picture {
  const shown = new Set(models.map((m) => m.name))
  const pairs = join(edges.filter((e) => shown.has(e.from) && shown.has(e.to)))
  const linked = models.filter((m) => pairs.some((p) => p.from !== p.to && (p.from === m.name || p.to === m.name)))
  const order = inOrder(linked, pairs)
  const layers = inLayers(order, pairs, Math.max(3, Math.ceil(Math.sqrt(linked.length * (most > 0 ? 0.7 : 1.15)))))
  const plan = { models, fields: new Map(models.map((m) => [m.name, fieldsOf(m, most)])), most, pairs, linked, order, layers }
  let [best, highest] = [draw(plan, 2), -Infinity]
  for (let columns = 2; columns <= Math.min(12, Math.max(6, depth(layers))); columns++) {
    const picture = draw(plan, columns)
    const scale = Math.min(1, wide / (picture.width + 60), high / (picture.height + 60))
    const score = scale - 0.3 * (picture.upright / Math.max(1, pairs.length)) // lines within a column are harder to follow
    if (score >= highest) [best, highest] = [picture, score]
  }
  return best
}

const depth = (layers: Map<string, number>): number => Math.max(0, ...[...layers.values()].map((l) => l + 1))

// folded brings layers into fewer columns, each with about as many models.
function folded(layers: Map<string, number>, columns: number): Map<string, number> {
  const layered = depth(layers)
  if (columns >= layered) return layers
  const sizes = Array.from({ length: layered }, (_, l) => [...layers.values()].filter((v) => v === l).length)
  let before = 0
  const column = sizes.map((size) => {
    const middle = before + size / 2
    before += size
    return Math.min(columns - 1, Math.floor((middle * columns) / layers.size))
  })
  return new Map([...layers].map(([name, layer]) => [name, column[layer]!]))
}

function draw({ models, fields, most, pairs, linked, order, layers: unfolded }: Plan, columns: number): Picture {
  const heightOf = (m: Model): number => head + fields.get(m.name)!.length * fieldHeight + (most > 0 && fields.get(m.name)!.length > 0 ? 8 : 0)
  const gap = measures(most > 0)
  const { width } = gap
  const alone = models.filter((m) => !linked.includes(m))
  const layers = folded(unfolded, columns)
  const slots = new Map<string, Slot>(linked.map((m) => [m.name, { id: m.name, layer: layers.get(m.name)!, height: heightOf(m), y: 0, left: [], right: [] }]))
  const all: Slot[][] = Array.from({ length: depth(layers) }, () => [])
  for (const m of order) all[layers.get(m.name)!]!.push(slots.get(m.name)!)
  const ways = pairs.filter((p) => p.from !== p.to).map((p) => ({ pair: p, way: way(p, slots, all) }))
  sort(all, beside(pairs, fields))
  place(all, gap.y)
  const bottom = Math.max(0, ...all.flat().map((s) => s.y + s.height))
  const x = (layer: number): number => layer * (width + gap.x)
  const nodes: Node[] = linked.map((model) => ({ model, fields: fields.get(model.name)!, x: x(slots.get(model.name)!.layer), y: slots.get(model.name)!.y, width, height: heightOf(model) }))
  let [left, top, row] = [0, bottom > 0 ? bottom + 40 : 0, 0]
  const wide = Math.max(all.length, linked.length > 0 ? Math.min(4, columns) : columns) * (width + gap.x)
  for (const model of alone) {
    if (left + width > wide) [left, top, row] = [0, top + row + gap.y, 0]
    nodes.push({ model, fields: fields.get(model.name)!, x: left, y: top, width, height: heightOf(model) })
    left += width + 28
    row = Math.max(row, heightOf(model))
  }
  const at = new Map(nodes.map((n) => [n.model.name, n]))
  const lines = [
    ...ways.map(({ pair, way }) => {
      const [first, last] = [way[0]!, way.at(-1)!]
      const end = (s: Slot): number => port(at.get(s.id)!, s.id === pair.to ? pair.toField : pair.fromField)
      if (first.layer === last.layer) return { ...pair, path: bracket(end(first), end(last), x(first.layer) + width, gap.x) }
      return { ...pair, path: curve([[x(first.layer) + width, end(first)], ...way.slice(1, -1).flatMap((s) => passes(s, x(s.layer), width)), [x(last.layer), end(last)]]) }
    }),
    ...pairs.filter((p) => p.from === p.to).map((p) => ({ ...p, path: loop(at.get(p.from)!, p) })),
  ]
  const right = Math.max(0, ...nodes.map((n) => n.x + n.width))
  const bulges = lines.some((l) => at.get(l.from)!.x === at.get(l.to)!.x && at.get(l.from)!.x + width === right)
  return { nodes, lines, upright: ways.filter((w) => w.way[0]!.layer === w.way.at(-1)!.layer).length, width: right + (bulges ? bulge : 0), height: Math.max(0, ...nodes.map((n) => n.y + n.height)) }
}

function fieldsOf(model: Model, most: number): Field[] {
  const own = model.fields.filter((f) => (!f.implicit || model.builtIn) && !f.hidden)
  return own.length <= most ? own : [...own].sort((a, b) => Number(b.kind === 'relation') - Number(a.kind === 'relation')).slice(0, most)
}

type Pair = Omit<Line, 'path'>

// join makes one line of the two sides of a relation.
function join(edges: Edge[]): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const e of edges) {
    const refers = e.type === 'belongsTo' || (e.type === 'manyToMany' && e.from < e.to)
    const [from, to, field] = refers ? [e.from, e.to, e.field] : [e.to, e.from, e.inverse ?? e.field]
    const [fromField, toField] = refers ? [e.field, e.inverse] : [e.inverse, e.field]
    const id = `${from} ${to} ${e.type === 'manyToMany' ? [e.field, e.inverse].sort().join() : field}`
    const pair = pairs.get(id)
    if (pair) {
      pair.edges.push(e)
      pair.fromField ??= fromField
      pair.toField ??= toField
    } else pairs.set(id, { edges: [e], from, to, fromField, toField, many: e.type !== 'hasOne' })
  }
  return [...pairs.values()]
}

// inOrder sorts models so that who is referred to comes first; where they refer to
// each other in a circle, the one that most refer to.
function inOrder(models: Model[], pairs: Pair[]): Model[] {
  const referred = (name: string): number => pairs.filter((p) => p.to === name).length
  const left = new Map(models.map((m) => [m.name, new Set(pairs.filter((p) => p.from === m.name && p.to !== m.name).map((p) => p.to))]))
  const order: Model[] = []
  while (left.size > 0) {
    const free = [...left].filter(([, waits]) => waits.size === 0).map(([name]) => name)
    const next = free.length > 0 ? free : [[...left.keys()].sort((a, b) => referred(b) - left.get(b)!.size - (referred(a) - left.get(a)!.size))[0]!]
    for (const name of next) {
      left.delete(name)
      order.push(models.find((m) => m.name === name)!)
      for (const waits of left.values()) waits.delete(name)
    }
  }
  return order
}

// inLayers puts each model behind those that it refers to, a few to a layer.
function inLayers(order: Model[], pairs: Pair[], most: number): Map<string, number> {
  const layers = new Map<string, number>()
  const filled: number[] = []
  for (const m of order) {
    let layer = Math.max(0, ...pairs.filter((p) => p.from === m.name && p.to !== m.name && layers.has(p.to)).map((p) => layers.get(p.to)! + 1))
    while ((filled[layer] ?? 0) >= most) layer++
    filled[layer] = (filled[layer] ?? 0) + 1
    layers.set(m.name, layer)
  }
  return layers
}

// way leads a line from its left end to its right one, through a place of its own in
// each layer between.
function way(p: Pair, slots: Map<string, Slot>, all: Slot[][]): Slot[] {
  const [a, b] = [slots.get(p.to)!, slots.get(p.from)!]
  const [first, last] = a.layer <= b.layer ? [a, b] : [b, a]
  const steps = [first]
  for (let layer = first.layer + 1; layer < last.layer; layer++) {
    const slot = { id: '', layer, height: 6, y: 0, left: [], right: [] }
    all[layer]!.push(slot)
    steps.push(slot)
  }
  steps.push(last)
  for (let i = 0; i + 1 < steps.length; i++) {
    steps[i]!.right.push(steps[i + 1]!)
    steps[i + 1]!.left.push(steps[i]!)
  }
  return steps
}

// beside tells how far down a model's fields the one is that leads to another model, of 0 to 1.
function beside(pairs: Pair[], fields: Map<string, Field[]>): (at: string, to: string) => number {
  const places = new Map<string, number>()
  for (const p of pairs) {
    for (const [at, to, field] of [[p.from, p.to, p.fromField], [p.to, p.from, p.toField]] as const) {
      const drawn = fields.get(at)!
      places.set(`${at} ${to}`, (drawn.findIndex((f) => f.name === field) + 1) / (drawn.length + 1))
    }
  }
  return (at, to) => places.get(`${at} ${to}`) ?? 0.5
}

// sort orders each layer by the middle of what its slots are linked with, to and fro;
// those of one middle, by the order of the fields that lead to them.
function sort(all: Slot[][], beside: (at: string, to: string) => number): void {
  const rank = new Map<Slot, number>()
  const note = (layer: Slot[]): void => layer.forEach((s, i) => rank.set(s, i / Math.max(1, layer.length - 1)))
  all.forEach(note)
  for (let round = 0; round < 12; round++) {
    const side = round % 2 === 0 ? 'left' : 'right'
    for (const layer of side === 'left' ? all : [...all].reverse()) {
      const middle = new Map(layer.map((s) => [s, s[side].length === 0 ? rank.get(s)! : s[side].reduce((sum, o) => sum + rank.get(o)! + beside(o.id, s.id) / 100, 0) / s[side].length]))
      layer.sort((a, b) => middle.get(a)! - middle.get(b)!)
      note(layer)
    }
  }
}

// place gives each slot its height on the page: near what it is linked with, and none
// over another.
function place(all: Slot[][], gap: number): void {
  for (const layer of all) {
    let y = 0
    for (const s of layer) {
      s.y = y
      y += s.height + gap
    }
  }
  const tallest = Math.max(0, ...all.map((l) => l.reduce((sum, s) => sum + s.height + gap, 0)))
  for (const layer of all) {
    const shift = (tallest - layer.reduce((sum, s) => sum + s.height + gap, 0)) / 2
    for (const s of layer) s.y += shift
  }
  const centre = (s: Slot): number => s.y + s.height / 2
  for (let round = 0; round < 16; round++) {
    for (const layer of round % 2 === 0 ? all : [...all].reverse()) {
      for (const s of layer) {
        const others = [...s.left, ...s.right]
        if (others.length > 0) s.y += (others.reduce((sum, o) => sum + centre(o), 0) / others.length - centre(s)) * 0.5
      }
      for (let i = 1; i < layer.length; i++) layer[i]!.y = Math.max(layer[i]!.y, layer[i - 1]!.y + layer[i - 1]!.height + gap)
      const over = Math.max(0, layer.at(-1)!.y + layer.at(-1)!.height - tallest)
      if (over > 0) layer.at(-1)!.y -= over
      for (let i = layer.length - 2; i >= 0; i--) layer[i]!.y = Math.min(layer[i]!.y, layer[i + 1]!.y - layer[i]!.height - gap)
    }
  }
  const top = Math.min(0, ...all.flat().map((s) => s.y))
  for (const s of all.flat()) s.y -= top
}

type Point = [number, number]

// port is the height at which a line meets a model: at the field that it is, or at the
// model's name where that field is not drawn.
function port(n: Node, field: string | null): number {
  const i = n.fields.findIndex((f) => f.name === field)
  return n.y + (i < 0 ? head / 2 : head + 4 + (i + 0.5) * fieldHeight)
}

function passes(s: Slot, x: number, width: number): Point[] {
  const y = s.y + s.height / 2
  return [[x, y], [x + width, y]]
}

function curve(at: Point[]): string {
  let path = `M${at[0]!.join()}`
  for (let i = 1; i < at.length; i++) {
    const [[ax, ay], [bx, by]] = [at[i - 1]!, at[i]!]
    const bend = (bx - ax) / 2
    path += ay === by ? `L${bx},${by}` : `C${ax + bend},${ay} ${bx - bend},${by} ${bx},${by}`
  }
  return path
}

// bracket goes from one model of a column to another, at its right side.
function bracket(a: number, b: number, x: number, gap: number): string {
  const bend = x + Math.min(gap * 0.85, 24 + Math.abs(b - a) / 12)
  return `M${x},${a} C${bend},${a} ${bend},${b} ${x},${b}`
}

const bulge = 40 // how far a line goes out that comes back to its column
const apart = 12 // at the least, between the two ends of a loop

// loop goes from a model to itself, at its right side: from the field that has the many
// to the one that refers.
function loop(n: Node, p: Pair): string {
  const x = n.x + n.width
  let [a, b] = [port(n, p.toField), port(n, p.fromField)]
  if (Math.abs(a - b) < apart) a = b > n.y + head / 2 + apart ? n.y + head / 2 : Math.max(n.y + 5, b - apart)
  if (Math.abs(a - b) < apart) b = a + apart
  const bend = x + Math.min(72, 34 + Math.abs(b - a) / 4)
  return `M${x},${a} C${bend},${a} ${bend},${b} ${x},${b}`
}
