// Forms: labels, errors beside the field that they are about, and one place that sends.

import { useId, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { useTexts } from './texts.js'

export interface Field {
  name: string
  label: string
  type?: 'text' | 'email' | 'password' | 'url' | 'tel' | 'number' | 'date' | 'time' | 'datetime-local' | 'checkbox' | 'lines'
  step?: string
  autoComplete?: string
  value?: string
  hint?: string
  optional?: boolean
  /** Digits that were sent or shown elsewhere. */
  code?: boolean
  options?: readonly (readonly [value: string, label: string])[]
}

export interface FormProps {
  fields?: readonly Field[]
  submit: string
  /** What it throws is shown, beside the field that it names. */
  send: (values: Record<string, string>) => unknown
  danger?: boolean
  /** Its fields beside each other, where there is room. */
  across?: boolean
  label?: string
  /** Beside the button. */
  children?: ReactNode
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

/** A failure that is about a field. */
export class FieldError extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message)
  }
}

export function Form({ fields = [], submit, send, danger = false, across = false, label, children }: FormProps): ReactNode {
  const t = useTexts()
  const id = useId()
  const form = useRef<HTMLFormElement>(null)
  const [wrong, setWrong] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const control = (name: string) => form.current?.elements.namedItem(name) as Control | null
  const textOf = (f: Field): string => {
    const c = control(f.name)
    if (!c) return ''
    if (f.type === 'checkbox') return String((c as HTMLInputElement).checked)
    return f.type === 'password' ? c.value : c.value.trim()
  }
  const fail = (errors: Record<string, string>): void => {
    setWrong(errors)
    control(Object.keys(errors)[0]!)?.focus()
  }
  const submitted = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (busy) return
    const values = Object.fromEntries(fields.map((f) => [f.name, textOf(f)]))
    const empty = fields.filter((f) => !f.optional && values[f.name] === '')
    if (empty.length > 0) return fail(Object.fromEntries(empty.map((f) => [f.name, t('missing', { label: f.label.toLowerCase() })])))
    setWrong({})
    setBusy(true)
    try {
      await send(values)
    } catch (err) {
      if (err instanceof Quiet) return
      const { field } = err as { field?: string }
      fail({ [field && fields.some((f) => f.name === field) ? field : '']: t.error(err) })
    } finally {
      setBusy(false)
    }
  }
  return (
    <form ref={form} noValidate className={'loam-form' + (across ? ' loam-across' : '')} aria-label={label} onSubmit={(e) => void submitted(e)}>
      {fields.map((f) => (
        <Labelled key={f.name} field={f} id={id + f.name} wrong={wrong[f.name]} />
      ))}
      {/* There from the start, so that what comes into it is read out. */}
      <p className="loam-wrong" role="alert">
        {wrong['']}
      </p>
      <div className="loam-actions">
        <button type="submit" className={'loam-button ' + (danger ? 'loam-danger' : 'loam-primary')} aria-busy={busy}>
          {submit}
        </button>
        {children}
      </div>
    </form>
  )
}

/** Thrown where nothing is to be said. */
export class Quiet extends Error {}

function Labelled({ field: f, id, wrong }: { field: Field; id: string; wrong: string | undefined }): ReactNode {
  const t = useTexts()
  const [shown, setShown] = useState(false)
  const common = {
    id,
    name: f.name,
    required: !f.optional,
    'aria-invalid': wrong ? true : undefined,
    'aria-describedby': [f.hint && id + '-hint', wrong && id + '-wrong'].filter(Boolean).join(' ') || undefined,
  }
  const label = (
    <label htmlFor={id}>
      {f.label}
      {f.optional && f.type !== 'checkbox' && <span className="loam-quiet"> {t('optional')}</span>}
    </label>
  )
  const plain = f.code || f.type === 'email' || f.type === 'password' || f.type === 'url'
  let input: ReactNode
  if (f.options) {
    input = (
      <select {...common} className="loam-input" defaultValue={f.value}>
        {f.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    )
  } else if (f.type === 'lines') input = <textarea {...common} className="loam-input" rows={3} defaultValue={f.value} />
  else if (f.type === 'checkbox') input = <input {...common} required={false} type="checkbox" defaultChecked={f.value === 'true'} />
  else {
    input = (
      <input
        {...common}
        className={'loam-input' + (f.code ? ' loam-code' : '')}
        type={f.code || (f.type === 'password' && shown) ? 'text' : (f.type ?? 'text')}
        step={f.step}
        defaultValue={f.value}
        autoComplete={f.autoComplete ?? 'off'}
        inputMode={f.code ? 'numeric' : undefined}
        maxLength={f.code ? 40 : 4096}
        spellCheck={plain ? false : undefined}
        autoCapitalize={plain ? 'none' : undefined}
      />
    )
  }
  return (
    <div className="loam-field">
      {f.type === 'checkbox' ? (
        <div className="loam-check">
          {input}
          {label}
        </div>
      ) : (
        label
      )}
      {f.type === 'password' ? (
        <div className="loam-secret">
          {input}
          <button type="button" className="loam-plain" aria-pressed={shown} aria-label={t('showPassword')} onClick={() => setShown(!shown)}>
            {t(shown ? 'hide' : 'show')}
          </button>
        </div>
      ) : (
        f.type !== 'checkbox' && input
      )}
      {f.hint && (
        <p id={id + '-hint'} className="loam-hint">
          {f.hint}
        </p>
      )}
      {wrong && (
        <p id={id + '-wrong'} className="loam-wrong">
          {wrong}
        </p>
      )}
    </div>
  )
}
