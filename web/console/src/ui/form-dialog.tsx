import { useState, type FormEvent, type ReactNode } from 'react'
import { Problem } from '../api/request'
import { Button } from './button'
import { Dialog } from './dialog'
import { Trouble } from './show'

interface Props {
  title: string
  action: string // what the button says that does it
  danger?: boolean
  typed?: string // to be typed first, by who means it
  children?: ReactNode
  act: (form: FormData) => Promise<unknown>
  onClose: () => void
}

/** FormDialog asks for a few values, or only whether one means it, and stays open with the reason where the server refuses. */
export function FormDialog({ title, action, danger = false, typed, children, act, onClose }: Props) {
  const [trouble, setTrouble] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [text, setText] = useState('')
  const submit = async (e: FormEvent<HTMLFormElement>): Promise<void> => {
    e.preventDefault()
    if (busy) return
    const form = e.currentTarget
    setBusy(true)
    setTrouble(null)
    try {
      await act(new FormData(form))
      onClose()
    } catch (err) {
      setTrouble(err)
      setBusy(false)
      if (err instanceof Problem && err.field) (form.elements.namedItem(err.field) as HTMLElement | null)?.focus?.()
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="form" onSubmit={(e) => void submit(e)}>
        {children}
        {typed !== undefined && <Labelled label={<>Type <code>{typed}</code> to go on</>} name="confirm" value={text} onChange={setText} />}
        {trouble !== null && <Trouble error={trouble} />}
        <div className="across end">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={danger ? 'danger' : 'primary'} type="submit" busy={busy} disabled={typed !== undefined && text !== typed}>{action}</Button>
        </div>
      </form>
    </Dialog>
  )
}

interface LabelledProps {
  label: ReactNode
  name: string
  type?: string
  hint?: ReactNode
  placeholder?: string
  begin?: string // its value at first
  value?: string
  onChange?: (value: string) => void
  required?: boolean
  list?: string // id of a datalist
  maxLength?: number
}

/** Labelled is a field of a form, with its label. */
export function Labelled({ label, name, type = 'text', hint, placeholder, begin, value, onChange, required = false, list, maxLength }: LabelledProps) {
  const id = `field-${name}`
  return (
    <div className="field">
      <label htmlFor={id}><span>{label}</span></label>
      <input id={id} name={name} type={type} className="input" placeholder={placeholder} defaultValue={begin} {...(onChange ? { value: value ?? '', onChange: (e) => onChange(e.target.value) } : {})} required={required} list={list} maxLength={maxLength} autoComplete="off" spellCheck={false} aria-describedby={hint ? `${id}-hint` : undefined} />
      {hint && <span id={`${id}-hint`} className="hint">{hint}</span>}
    </div>
  )
}
