import { Check, Minus, SquareArrowOutUpRight } from 'lucide-react'
import { Link } from '@tanstack/react-router'
import { Badge, type Tone } from '../../ui/show'
import { keyOf, labelOf, shown, type Column, type Row } from './fields'

const tones: Tone[] = ['plain', 'info', 'good', 'violet', 'warn', 'bad']

/** toneOf colours an enum's values by their place in the schema. */
export const toneOf = (column: Column, value: unknown): Tone => tones[Math.max(0, column.field.enum?.indexOf(String(value)) ?? 0) % tones.length]!

/** Value shows a value in one line. */
export function Value({ column, row }: { column: Column; row: Row }) {
  const value = row[column.name]
  if (value === undefined) return <span className="none" title="The rules do not let this be read">hidden</span>
  if (value === null) return <span className="none">null</span>
  if (column.kind === 'boolean') return value ? <span className="yes"><Check size={14} aria-hidden /> true</span> : <span className="quiet yes"><Minus size={14} aria-hidden /> false</span>
  if (column.kind === 'enum') return <Badge tone={toneOf(column, value)}>{String(value)}</Badge>
  if (column.kind === 'reference' && column.to) {
    const { model, relation } = column.to
    const to = row[relation] as Row | null | undefined
    return (
      <>
        <span className="clip">{to ? labelOf(model, to) : String(value)}</span>
        <Link className="goto" to="/data/$plural" params={{ plural: model.plural }} search={{ row: to ? keyOf(model, to) : String(value) }} tabIndex={-1} aria-label={`Open this ${model.name}`}><SquareArrowOutUpRight size={12} /></Link>
      </>
    )
  }
  const text = shown(column, value)
  return <span dir={column.kind === 'text' ? 'auto' : undefined} className={column.key || column.kind === 'json' || column.kind === 'id' ? 'clip mono' : 'clip'}>{text === '' ? <span className="none">empty text</span> : text.slice(0, 300)}</span>
}
