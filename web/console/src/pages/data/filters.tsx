import { ListFilter, Plus, Search, X } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import type { Model } from '../../api/console'
import { Button } from '../../ui/button'
import { Popover } from '../../ui/popover'
import type { Column } from './fields'
import { operatorsOf, takesValue, wordsOf, type Condition } from './filter'

interface Props {
  model: Model
  columns: Column[]
  conditions: Condition[]
  onConditions: (all: Condition[]) => void
  search: string
  onSearch: (text: string) => void
}

/** Filters shows the conditions that hold, and adds and changes them. */
export function Filters({ model, columns, conditions, onConditions, search, onSearch }: Props) {
  const [open, setOpen] = useState<number | null>(null) // the condition that is edited; -1: a new one
  const set = (i: number, c: Condition | null): void => {
    setOpen(null)
    if (i < 0) return c ? onConditions([...conditions, c]) : undefined
    onConditions(conditions.flatMap((old, k) => (k !== i ? [old] : c ? [c] : [])))
  }
  return (
    <div className="filters">
      {model.search && <SearchBox text={search} onText={onSearch} fields={model.search} />}
      {conditions.map((c, i) => (
        <span key={i} className="chip">
          <Popover label="Change the condition" open={open === i} onOpen={(o) => setOpen(o ? i : null)} className="popover padded" trigger={<button type="button"><ListFilter size={12} aria-hidden /> {wordsOf(c, columns.find((k) => k.name === c.field))}</button>}>
            <Builder columns={columns} condition={c} onDone={(next) => set(i, next)} />
          </Popover>
          <button type="button" aria-label={`Remove: ${wordsOf(c, columns.find((k) => k.name === c.field))}`} onClick={() => set(i, null)}><X size={12} /></button>
        </span>
      ))}
      <Popover label="Add a condition" open={open === -1} onOpen={(o) => setOpen(o ? -1 : null)} className="popover padded" trigger={<Button kind="ghost" tiny className="add" icon={conditions.length === 0 ? <ListFilter size={13} /> : <Plus size={13} />}>{conditions.length === 0 ? 'Filter' : 'And'}</Button>}>
        <Builder columns={columns} onDone={(c) => set(-1, c)} />
      </Popover>
      {conditions.length > 1 && <Button kind="ghost" tiny onClick={() => onConditions([])}>Clear</Button>}
    </div>
  )
}

function SearchBox({ text, onText, fields }: { text: string; onText: (text: string) => void; fields: string[] }) {
  const [typed, setTyped] = useState(text)
  const submit = (e: FormEvent): void => {
    e.preventDefault()
    onText(typed.trim())
  }
  return (
    <form className="withicon search" role="search" onSubmit={submit}>
      <Search size={13} aria-hidden />
      <input className="input tiny" type="search" aria-label={`Search ${fields.join(', ')}`} placeholder={`Search ${fields.join(', ')}`} value={typed} onChange={(e) => (setTyped(e.target.value), e.target.value === '' && onText(''))} />
    </form>
  )
}

function Builder({ columns, condition, onDone }: { columns: Column[]; condition?: Condition; onDone: (c: Condition | null) => void }) {
  const usable = columns.filter((c) => operatorsOf(c).length > 0)
  const [field, setField] = useState(condition?.field ?? usable.find((c) => !c.key)?.name ?? usable[0]!.name)
  const column = usable.find((c) => c.name === field) ?? usable[0]!
  const choices = operatorsOf(column)
  const [operator, setOperator] = useState(condition?.operator ?? choices[0]!.name)
  const chosen = choices.some((o) => o.name === operator) ? operator : choices[0]!.name
  const [value, setValue] = useState(condition?.value ?? '')
  const values = column.kind === 'boolean' ? ['true', 'false'] : column.field.enum
  const single = values && chosen !== 'in' && chosen !== 'notIn'
  const type = chosen === 'in' || chosen === 'notIn' ? 'text' : ({ date: 'date', datetime: 'datetime-local', time: 'time', number: 'number' }[column.kind as string] ?? 'text')
  const submit = (e: FormEvent): void => {
    e.preventDefault()
    onDone({ field: column.name, operator: chosen, value: takesValue(chosen) ? (single && value === '' ? (values[0] ?? '') : value) : '' })
  }
  return (
    <form className="builder" onSubmit={submit}>
      <select className="select" aria-label="Field" value={column.name} onChange={(e) => (setField(e.target.value), setValue(''))}>
        {usable.map((c) => <option key={c.name} value={c.name}>{c.title}</option>)}
      </select>
      <select className="select" aria-label="Operator" value={chosen} onChange={(e) => setOperator(e.target.value)}>
        {choices.map((o) => <option key={o.name} value={o.name}>{o.words}</option>)}
      </select>
      {takesValue(chosen) && (single ? (
        <select className="select" aria-label="Value" value={value || values[0]} onChange={(e) => setValue(e.target.value)}>{values.map((v) => <option key={v}>{v}</option>)}</select>
      ) : (
        <input className="input" aria-label="Value" type={type} {...(type === 'number' ? { step: 'any' } : {})} required={!['eq', 'ne'].includes(chosen) || column.kind !== 'text'} value={value} autoFocus placeholder={chosen === 'in' || chosen === 'notIn' ? (values?.slice(0, 2).join(', ') ?? 'one, another') : ''} onChange={(e) => setValue(e.target.value)} />
      ))}
      <Button type="submit" kind="primary">{condition ? 'Change' : 'Add'}</Button>
    </form>
  )
}
