// Forms: labels, errors beside the field that they are about, and one place that
// sends.

import { Problem } from './api'
import { el, unique, type Child } from './dom'

export interface Field {
  name: string
  label: string
  type?: 'text' | 'email' | 'password' | 'url' | 'hidden' | 'tel' | 'number' | 'date' | 'time' | 'datetime-local' | 'checkbox' | 'lines'
  step?: string // of a number or a time
  autocomplete?: string
  value?: string
  hint?: Child
  optional?: boolean
  code?: boolean // digits that were sent or shown elsewhere
  readOnly?: boolean
  options?: [value: string, label: string][]
  missing?: string // what to say where it is empty
}

export interface Form {
  fields: Field[]
  submit: string
  send: (values: Record<string, string>) => Promise<unknown>
  className?: string
  danger?: boolean
  also?: Child // beside the button
  label?: string // of the form, where nothing else on the page names it
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

interface Row {
  field: Field
  control: Control
  error: HTMLElement
  node: HTMLElement
}

const longest = 4096 // characters in one field

// textOf is what was entered.
function textOf({ field, control }: Row): string {
  if (field.type === 'checkbox') return String((control as HTMLInputElement).checked)
  return field.type === 'password' ? control.value : control.value.trim()
}

function controlOf(f: Field, id: string): Control {
  if (f.options) {
    return el('select', { id, name: f.name }, f.options.map(([value, label]) => el('option', { value, selected: value === f.value }, label)))
  }
  if (f.type === 'lines') return el('textarea', { id, name: f.name, rows: 3, value: f.value ?? '', maxLength: longest, required: !f.optional })
  if (f.type === 'checkbox') return el('input', { id, name: f.name, type: 'checkbox', checked: f.value === 'true' })
  return el('input', {
    id,
    name: f.name,
    type: f.code ? 'text' : (f.type ?? 'text'),
    value: f.value ?? '',
    autocomplete: f.autocomplete ?? 'off',
    readOnly: f.readOnly ?? false,
    required: !f.optional,
    inputMode: f.code ? 'numeric' : f.type === 'email' ? 'email' : '',
    maxLength: f.code ? 40 : longest,
    step: f.step,
    spellcheck: f.code || f.type ? 'false' : undefined,
    autocapitalize: f.code || f.type ? 'none' : undefined,
    className: f.code ? 'code' : '',
  })
}

// eye shows and hides what is typed into a field for a password.
function eye(input: HTMLInputElement): HTMLElement {
  const button = el('button', { type: 'button', className: 'plain eye', ariaPressed: 'false', ariaLabel: 'Show the password' }, 'Show')
  button.onclick = () => {
    const shown = input.type === 'text'
    input.type = shown ? 'password' : 'text'
    button.textContent = shown ? 'Show' : 'Hide'
    button.ariaPressed = String(!shown)
  }
  return button
}

function rowOf(f: Field): Row {
  const id = unique(f.name)
  const control = controlOf(f, id)
  const error = el('p', { id: id + '-error', className: 'wrong', hidden: true })
  const hint = f.hint ? el('p', { id: id + '-hint', className: 'hint' }, f.hint) : null
  const about = [hint?.id, error.id].filter(Boolean).join(' ')
  control.setAttribute('aria-describedby', about)
  const box = f.type === 'password' ? el('div', { className: 'secret' }, control, eye(control as HTMLInputElement)) : control
  const label = el('label', { htmlFor: id }, f.label, f.optional && f.type !== 'checkbox' && el('span', { className: 'quiet' }, ' (optional)'))
  const node = el('div', { className: 'field', hidden: f.type === 'hidden' }, f.type === 'checkbox' ? el('div', { className: 'check' }, box, label) : [label, box], hint, error)
  return { field: f, control, error, node }
}

function mark(row: Row, text: string): void {
  row.error.textContent = text
  row.error.hidden = text === ''
  if (text) row.control.setAttribute('aria-invalid', 'true')
  else row.control.removeAttribute('aria-invalid')
}

// form makes a form. What send throws is shown, beside the field that it names.
export function form(o: Form): HTMLFormElement {
  const rows = o.fields.map(rowOf)
  const wrong = el('p', { className: 'wrong whole', role: 'alert', hidden: true })
  const button = el('button', { type: 'submit', className: o.danger ? 'danger' : 'primary' }, o.submit)
  const node = el('form', { noValidate: true, className: o.className ?? '', 'aria-label': o.label }, rows.map((r) => r.node), wrong, el('div', { className: 'actions' }, button, o.also))

  const show = (err: unknown): void => {
    const at = err instanceof Problem && err.field ? rows.find((r) => r.field.name === err.field) : undefined
    const text = err instanceof Error ? err.message : String(err)
    if (at && at.field.type !== 'hidden') {
      mark(at, text)
      at.control.focus()
    } else {
      wrong.textContent = text
      wrong.hidden = false
    }
  }
  const complete = (): boolean => {
    const empty = rows.filter((r) => !r.field.optional && textOf(r) === '')
    for (const r of empty) mark(r, r.field.missing ?? `Fill in: ${r.field.label.toLowerCase()}.`)
    empty[0]?.control.focus()
    return empty.length === 0
  }
  node.onsubmit = async (event) => {
    event.preventDefault()
    if (button.ariaBusy === 'true') return
    for (const r of rows) mark(r, '')
    wrong.hidden = true
    if (!complete()) return
    button.ariaBusy = 'true'
    try {
      await o.send(Object.fromEntries(rows.map((r) => [r.field.name, textOf(r)])))
    } catch (err) {
      show(err)
    } finally {
      button.ariaBusy = 'false'
    }
  }
  return node
}

// codeField asks for the code of a mail or an app.
export function codeField(label = 'Code'): Field {
  return { name: 'code', label, code: true, autocomplete: 'one-time-code', missing: 'Enter the code.' }
}

// emailField asks for an address.
export function emailField(value = '', autocomplete = 'username'): Field {
  return { name: 'email', label: 'Email', type: 'email', value, autocomplete, missing: 'Enter your email address.' }
}

// newPassword asks for a password that is being chosen.
export function newPassword(minLength: number, name = 'password', label = 'Password'): Field {
  return { name, label, type: 'password', autocomplete: 'new-password', hint: `At least ${minLength} characters.`, missing: 'Choose a password.' }
}

// oldPassword asks for the one in force.
export function oldPassword(name = 'password', label = 'Password'): Field {
  return { name, label, type: 'password', autocomplete: 'current-password', missing: 'Enter your password.' }
}
