import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronDown, X } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { as, useActing } from '../../api/acting'
import type { Model } from '../../api/console'
import { json, params, type Page } from '../../api/request'
import { Button } from '../../ui/button'
import { Picker } from '../../ui/picker'
import { keyOf, labelField, labelOf, pathOf, type Column, type Row } from './fields'

interface Props {
  column: Column
  text: string
  onText: (text: string) => void
  id?: string
  wrong?: string | undefined
  inline?: boolean // in a cell of the grid
  onDone?: (text?: string) => void // Enter, or a choice
  onCancel?: () => void
}

const types: Record<string, string> = { date: 'date', time: 'time', datetime: 'datetime-local' }
const scalarTypes: Record<string, string> = { Email: 'email', URL: 'url', Phone: 'tel' }

/** Editor changes one value, by what suits its type. Its text is read by fields.read. */
export function Editor({ column, text, onText, id, wrong, inline = false, onDone, onCancel }: Props) {
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!inline) return
    box.current?.focus()
    if (box.current instanceof HTMLInputElement && box.current.type === 'text') box.current.select()
  }, [inline])
  const keys = (e: KeyboardEvent): void => {
    e.stopPropagation()
    if (e.key === 'Escape') onCancel?.()
    if (e.key === 'Enter' && !e.shiftKey && onDone && !(e.currentTarget instanceof HTMLTextAreaElement)) {
      e.preventDefault()
      onDone()
    }
  }
  const shared = { ...(id ? { id } : {}), ...(inline ? { 'aria-label': column.title, onKeyDown: keys } : {}), 'aria-invalid': wrong !== undefined, ...(wrong && id ? { 'aria-describedby': `${id}-wrong` } : {}) }
  const { kind, field } = column
  if (kind === 'reference' && column.to) return <Reference column={column} model={column.to.model} text={text} onText={onText} inline={inline} {...(id ? { id } : {})} {...(onDone ? { onDone } : {})} />
  if (kind === 'boolean' || kind === 'enum') {
    const values = kind === 'boolean' ? ['true', 'false'] : (field.enum ?? [])
    return (
      <select {...shared} ref={(e) => void (box.current = e)} className="select" value={text} onChange={(e) => (onText(e.target.value), inline && onDone?.(e.target.value))} onBlur={() => inline && onCancel?.()}>
        {(!field.required || text === '') && <option value="">{field.default !== null && field.default !== undefined && !inline ? `default: ${String(field.default)}` : field.required ? 'choose…' : 'empty'}</option>}
        {values.map((v) => <option key={v} value={v}>{v}</option>)}
      </select>
    )
  }
  if (!inline && (kind === 'json' || kind === 'list')) return <textarea {...shared} className="area code" rows={Math.min(12, Math.max(3, text.split('\n').length))} spellCheck={false} value={text} placeholder={kind === 'list' ? '["one", "two"]' : '{}'} onChange={(e) => onText(e.target.value)} />
  if (!inline && kind === 'text' && column.scalar === 'String' && (text.length > 60 || text.includes('\n') || /body|text|description|summary|note|content|bio/i.test(column.name))) {
    return <textarea {...shared} className="area" rows={Math.min(10, Math.max(2, Math.ceil(text.length / 45)))} value={text} onChange={(e) => onText(e.target.value)} />
  }
  const type = types[kind] ?? scalarTypes[column.scalar] ?? 'text'
  return (
    <input
      {...shared}
      ref={(e) => void (box.current = e)}
      className="input"
      type={type}
      {...(kind === 'number' ? { inputMode: column.scalar === 'Float' ? ('decimal' as const) : ('numeric' as const) } : {})}
      {...(kind === 'datetime' || kind === 'time' ? { step: 0.001 } : {})}
      spellCheck={kind === 'text'}
      value={kind === 'datetime' ? text.replace(/Z$/, '') : text}
      placeholder={field.default !== null && field.default !== undefined ? `default: ${String(field.default)}` : column.key && field.implicit ? 'made by Loam unless given' : ''}
      onChange={(e) => onText(e.target.value)}
      onBlur={() => inline && onDone?.()}
    />
  )
}

// Reference picks a row of another model, by its label.
function Reference({ column, model, text, onText, id, inline, onDone }: { column: Column; model: Model; text: string; onText: (text: string) => void; id?: string; inline: boolean; onDone?: (text: string) => void }) {
  const acting = useActing()
  const [search, setSearch] = useState('')
  const [looked, setLooked] = useState(false)
  const field = labelField(model)
  const found = useQuery({
    queryKey: ['reference', model.name, search, acting],
    queryFn: ({ signal }) => json<Page<Row>>('GET', pathOf(model) + params({ limit: 20, sort: field, ...(search ? { [`${field}.contains`]: search } : {}) }), { ...as(acting), signal }),
    placeholderData: keepPreviousData,
    enabled: looked,
  })
  const one = useQuery({ queryKey: ['reference', model.name, 'one', text, acting], queryFn: ({ signal }) => json<Row>('GET', pathOf(model, text), { ...as(acting), signal }), enabled: text !== '' && !inline, retry: false })
  const pick = (value: string): void => {
    onText(value)
    onDone?.(value)
  }
  const label = text === '' ? `Choose a ${model.name}` : one.data ? labelOf(model, one.data) : text
  return (
    <div className="reference">
      <Picker
        label={`${column.title}: a ${model.name}`}
        placeholder={`Find by ${field}…`}
        busy={found.isFetching}
        value={text}
        onSearch={(t) => (setLooked(true), setSearch(t))}
        choices={(found.data?.items ?? []).map((r) => ({ value: keyOf(model, r), label: labelOf(model, r), detail: keyOf(model, r).slice(0, 13) }))}
        onPick={pick}
        trigger={<Button {...(id ? { id } : {})} aria-label={`${column.title}: ${label}`} autoFocus={inline} className="grow"><span className="clip grow">{label}</span><ChevronDown size={13} aria-hidden /></Button>}
      />
      {!column.field.required && text !== '' && <Button kind="ghost" aria-label={`Empty ${column.title}`} icon={<X size={14} />} onClick={() => pick('')} />}
    </div>
  )
}
