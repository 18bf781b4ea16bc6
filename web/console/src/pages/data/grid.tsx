import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, KeyRound, PanelRightOpen } from 'lucide-react'
import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { Model } from '../../api/console'
import { Button } from '../../ui/button'
import { toast } from '../../ui/toast'
import { Value } from './cell'
import { Editor } from './editor'
import { keyOf, read, written, type Column, type Row } from './fields'
import { widthOf } from './layout'

interface Props {
  model: Model
  columns: Column[]
  widths: Record<string, number>
  onWidth: (name: string, width: number) => void
  rows: Row[]
  total: number | undefined
  more: boolean
  onMore: () => void
  sort: string | undefined
  onSort: (sort: string | undefined) => void
  selected: ReadonlySet<string>
  onSelected: (keys: ReadonlySet<string>) => void
  opened: string | undefined
  onOpen: (key: string) => void
  onEdit: ((row: Row, column: Column, value: unknown) => Promise<unknown>) | null // null: nothing may be written
}

interface Cell {
  row: number
  column: number // 0 is the box to select by
}

const rowHeight = 34
const headHeight = 34

/** Grid shows rows by the ten thousand: only those in sight are in the document. One cell has the focus; arrows move it, Enter edits, Space selects. */
export function Grid(props: Props) {
  const { model, columns, widths, rows, more, onMore, selected, onSelected, opened, onOpen, onEdit, total } = props
  const box = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<Cell>({ row: 0, column: 1 })
  const [editing, setEditing] = useState<(Cell & { text: string }) | null>(null)
  const wanted = useRef(false) // the focus goes to the active cell once it is there
  const virtual = useVirtualizer({ count: rows.length + (more ? 12 : 0), getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 10, useFlushSync: false, scrollPaddingStart: headHeight, paddingStart: headHeight })
  const items = virtual.getVirtualItems()
  const lastSeen = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && lastSeen >= rows.length - 60) onMore()
  }, [more, lastSeen, rows.length, onMore])
  useEffect(() => {
    if (!wanted.current || editing) return
    const cell = box.current?.querySelector<HTMLElement>(`[data-cell="${active.row}:${active.column}"]`)
    if (!cell) return
    wanted.current = false
    cell.focus({ preventScroll: true })
    cell.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  })
  const go = useCallback((row: number, column: number) => {
    const to = { row: Math.max(0, Math.min(rows.length - 1, row)), column: Math.max(0, Math.min(columns.length, column)) }
    wanted.current = true
    setActive(to)
    virtual.scrollToIndex(to.row)
  }, [rows.length, columns.length, virtual])
  const begin = useCallback((row: number, column: number, typed?: string) => {
    const at = columns[column - 1]
    const of = rows[row]
    if (!at || !of) return
    if (!onEdit || !at.editable || at.kind === 'json' || at.kind === 'list' || of[at.name] === undefined || String(of[at.name] ?? '').length > 160) return onOpen(keyOf(model, of))
    setActive({ row, column })
    setEditing({ row, column, text: typed ?? written(of[at.name]) })
  }, [columns, rows, onEdit, onOpen, model])
  const end = useCallback((text: string | null) => {
    setEditing((now) => {
      if (!now) return null
      wanted.current = true
      const at = columns[now.column - 1]
      const of = rows[now.row]
      if (text === null || !at || !of || !onEdit || text === written(of[at.name])) return null
      try {
        const value = read(at, text)
        queueMicrotask(() => void onEdit(of, at, value).catch((err: unknown) => toast(err instanceof Error ? err.message : String(err), 'wrong')))
      } catch (err) {
        queueMicrotask(() => toast(`${at.title}: ${err instanceof Error ? err.message : String(err)}`, 'wrong'))
      }
      return null
    })
  }, [columns, rows, onEdit])
  const toggle = useCallback((key: string) => {
    const next = new Set(selected)
    if (!next.delete(key)) next.add(key)
    onSelected(next)
  }, [selected, onSelected])
  const press = (e: KeyboardEvent): void => {
    if (editing || !(e.target as HTMLElement).dataset.cell) return
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 400) / rowHeight) - 2)
    const moves: Record<string, [number, number]> = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0] }
    const move = moves[e.key]
    const row = rows[active.row]
    if (move) go(active.row + move[0], active.column + move[1])
    else if (e.key === 'Home') go(e.ctrlKey ? 0 : active.row, 0)
    else if (e.key === 'End') go(e.ctrlKey ? rows.length - 1 : active.row, columns.length)
    else if (e.key === 'Enter' || e.key === 'F2') active.column === 0 ? row && onOpen(keyOf(model, row)) : begin(active.row, active.column)
    else if (e.key === ' ') row && toggle(keyOf(model, row))
    else if ((e.key === 'c' || e.key === 'C') && (e.ctrlKey || e.metaKey) && active.column > 0) row && void navigator.clipboard.writeText(written(row[columns[active.column - 1]!.name])).then(() => toast('Copied'))
    else return
    e.preventDefault()
  }
  const template = useMemo(() => `40px ${columns.map((c) => `${widths[c.name] ?? widthOf(c)}px`).join(' ')}`, [columns, widths])
  const width = useMemo(() => 40 + columns.reduce((sum, c) => sum + (widths[c.name] ?? widthOf(c)), 0), [columns, widths])
  const all = rows.length > 0 && rows.every((r) => selected.has(keyOf(model, r)))
  return (
    <div ref={box} className="grid" role="grid" aria-label={`Rows of ${model.name}`} aria-rowcount={total ?? -1} aria-colcount={columns.length + 1} aria-readonly={!onEdit} onKeyDown={press}>
      <div role="presentation" style={{ height: virtual.getTotalSize(), width, minWidth: '100%', position: 'relative', '--cols': template } as React.CSSProperties}>
        <div role="row" aria-rowindex={1} className="ghead">
          <div role="columnheader" className="gselect"><input type="checkbox" aria-label="Select all loaded rows" checked={all} onChange={() => onSelected(all ? new Set() : new Set(rows.map((r) => keyOf(model, r))))} /></div>
          {columns.map((c) => <Head key={c.name} column={c} sort={props.sort} onSort={props.onSort} width={widths[c.name] ?? widthOf(c)} onWidth={props.onWidth} />)}
        </div>
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return <div key={item.key} role="presentation" className="gwait" style={{ transform: `translateY(${item.start}px)` }}>{columns.slice(0, 6).map((c) => <span key={c.name} className="skeleton" />)}</div>
          const id = keyOf(model, row)
          return (
            <Line
              key={id}
              row={row}
              id={id}
              index={item.index}
              top={item.start}
              columns={columns}
              active={active.row === item.index ? active.column : -1}
              editing={editing?.row === item.index ? editing : null}
              selected={selected.has(id)}
              open={opened === id}
              onActive={setActive}
              onBegin={begin}
              onText={(text) => setEditing((now) => now && { ...now, text })}
              onEnd={end}
              onToggle={toggle}
              onOpen={onOpen}
            />
          )
        })}
      </div>
    </div>
  )
}

const Head = memo(function Head({ column, sort, onSort, width, onWidth }: { column: Column; sort: string | undefined; onSort: Props['onSort']; width: number; onWidth: Props['onWidth'] }) {
  const parts = (sort ?? '').split(',').filter(Boolean)
  const now = parts.find((p) => p.replace(/^-/, '') === column.name)
  const sorts = column.kind !== 'json' && column.kind !== 'list'
  const click = (e: React.MouseEvent): void => {
    const next = now === undefined ? column.name : now.startsWith('-') ? null : `-${column.name}`
    const others = e.shiftKey ? parts.filter((p) => p !== now) : []
    onSort([...others, ...(next ? [next] : [])].join(',') || undefined)
  }
  const drag = (e: PointerEvent<HTMLElement>): void => {
    const from = e.clientX
    const handle = e.currentTarget
    handle.setPointerCapture(e.pointerId)
    const move = (m: globalThis.PointerEvent): void => onWidth(column.name, Math.max(56, width + m.clientX - from))
    handle.addEventListener('pointermove', move)
    handle.addEventListener('pointerup', () => handle.removeEventListener('pointermove', move), { once: true })
  }
  return (
    <div role="columnheader" className={column.kind === 'number' ? 'gcell head number' : 'gcell head'} aria-sort={now === undefined ? undefined : now.startsWith('-') ? 'descending' : 'ascending'}>
      <button type="button" disabled={!sorts} onClick={click} title={`${column.field.type}${column.field.doc ? ` · ${column.field.doc}` : ''}`}>
        {column.key && <KeyRound size={11} aria-label="key" />}
        <span className="clip">{column.title}</span>
        <span className="type clip">{column.to?.model.name ?? column.field.type}</span>
        {now !== undefined && (now.startsWith('-') ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
      </button>
      <i className="resize" onPointerDown={drag} onDoubleClick={() => onWidth(column.name, widthOf(column))} />
    </div>
  )
})

interface LineProps {
  row: Row
  id: string
  index: number
  top: number
  columns: Column[]
  active: number
  editing: (Cell & { text: string }) | null
  selected: boolean
  open: boolean
  onActive: (cell: Cell) => void
  onBegin: (row: number, column: number) => void
  onText: (text: string) => void
  onEnd: (text: string | null) => void
  onToggle: (key: string) => void
  onOpen: (key: string) => void
}

const same = (a: LineProps, b: LineProps): boolean =>
  a.row === b.row && a.index === b.index && a.top === b.top && a.columns === b.columns && a.active === b.active && a.editing === b.editing && a.selected === b.selected && a.open === b.open && a.onBegin === b.onBegin && a.onEnd === b.onEnd && a.onToggle === b.onToggle && a.onOpen === b.onOpen

const Line = memo(function Line({ row, id, index, top, columns, active, editing, selected, open, onActive, onBegin, onText, onEnd, onToggle, onOpen }: LineProps) {
  const cell = (column: number) => ({ 'data-cell': `${index}:${column}`, 'aria-colindex': column + 1, tabIndex: active === column ? 0 : -1, onFocus: () => active !== column && onActive({ row: index, column }) })
  return (
    <div role="row" aria-rowindex={index + 2} aria-selected={selected} className={`gline${selected ? ' selected' : ''}${open ? ' open' : ''}${editing ? ' edits' : ''}`} style={{ transform: `translateY(${top}px)` }}>
      <div role="gridcell" className="gselect" {...cell(0)}>
        <input type="checkbox" aria-label={`Select ${id}`} tabIndex={-1} checked={selected} onChange={() => onToggle(id)} />
      </div>
      {columns.map((c, i) => (
        <div key={c.name} role="gridcell" className={`gcell ${c.kind}${i === 0 ? ' opens' : ''}${editing?.column === i + 1 ? ' editing' : ''}`} {...cell(i + 1)} onDoubleClick={() => onBegin(index, i + 1)}>
          {editing?.column === i + 1 ? <Editor inline column={c} text={editing.text} onText={onText} onDone={(text) => onEnd(text ?? editing.text)} onCancel={() => onEnd(null)} /> : <Value column={c} row={row} />}
          {i === 0 && <Button kind="ghost" tiny className="opener" tabIndex={-1} aria-label={`Open ${id}`} icon={<PanelRightOpen size={13} />} onClick={() => onOpen(id)} />}
        </div>
      ))}
    </div>
  )
}, same)
