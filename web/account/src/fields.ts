// The fields that an app gives its users by `extend type User`, as fields of a form.

import { Problem } from './api'
import type { Field } from './form'

export interface Own {
  name: string
  type: string // a scalar, or the name of an enum or of an embedded type
  values?: string[] // of an enum
  list: boolean
  required: boolean
}

// inWords makes "Vat number" of vatNumber.
export function inWords(name: string): string {
  const words = name.replace(/_+/g, ' ').replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2').trim().split(/\s+/)
  const text = words.map((w) => (/^[A-Z\d]{2,}$/.test(w) ? w : w.toLowerCase())).join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const inputs: Record<string, Partial<Field>> = {
  ID: {}, String: {},
  Int: { type: 'number' }, Float: { type: 'number', step: 'any' }, Boolean: { type: 'checkbox' },
  Date: { type: 'date' }, Time: { type: 'time', step: 'any' },
  DateTime: { type: 'datetime-local', step: 'any' }, Timestamp: { type: 'datetime-local', step: '1' },
  Email: { type: 'email' }, URL: { type: 'url', hint: 'Such as https://example.com.' },
  Phone: { type: 'tel', autocomplete: 'tel', hint: 'With the country, such as +1 202 555 0123.' },
  IPAddress: { hint: 'Such as 192.0.2.1.' },
}

// local is a moment as the input for one takes it: in the time zone of who reads.
function local(at: Date): string {
  return Number.isNaN(at.getTime()) ? '' : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

// plain tells what one input can hold, or a line for each; the rest is written as JSON.
const plain = (f: Own): boolean => !!f.values || (f.type in inputs && !(f.list && inputs[f.type]!.type === 'datetime-local'))

function written(f: Own, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (!plain(f)) return JSON.stringify(value, null, 2)
  if (f.list) return (value as unknown[]).join('\n')
  if (f.type === 'DateTime') return local(new Date(String(value)))
  if (f.type === 'Timestamp') return local(new Date(Number(value) * 1000))
  return String(value)
}

// fieldOf is the field that asks for one.
export function fieldOf(f: Own, value?: unknown): Field {
  const whole: Field = { name: f.name, label: inWords(f.name), value: written(f, value), optional: !f.required }
  if (!plain(f)) return { ...whole, type: 'lines', hint: 'As JSON.' }
  if (f.list) return { ...whole, type: 'lines', optional: true, hint: f.values ? `One on each line, of ${f.values.join(', ')}.` : 'One on each line.' }
  if (!f.values) return { ...whole, ...inputs[f.type] }
  const none: [string, string][] = f.required && whole.value ? [] : [['', f.required ? 'Choose…' : '–']]
  return { ...whole, options: [...none, ...f.values.map((v): [string, string] => [v, inWords(/[a-z]/.test(v) ? v : v.toLowerCase())])] }
}

function one(f: Own, text: string): unknown {
  switch (f.type) {
    case 'Int': case 'Float': return Number(text)
    case 'Boolean': return text === 'true'
    case 'Time': return text.length === 5 ? text + ':00' : text
    case 'DateTime': return new Date(text).toISOString()
    case 'Timestamp': return Math.floor(new Date(text).getTime() / 1000)
  }
  return text
}

function valueOf(f: Own, text: string): unknown {
  if (f.list && plain(f) && (text || f.required)) return text.split('\n').map((t) => t.trim()).filter(Boolean).map((t) => one(f, t))
  if (text === '') return null
  if (plain(f) || (f.type === 'AWSJSON' && !f.list)) return one(f, text)
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem(0, '', f.name, 'This is no JSON: texts and names stand in "…".')
  }
}

// valuesOf makes of a form's texts what the server takes: all of them, or those
// that are not as they were shown.
export function valuesOf(own: Own[], texts: Record<string, string>, shown?: Record<string, unknown>): Record<string, unknown> {
  const before = (f: Own): string => written(f, shown?.[f.name]) || (fieldOf(f).type === 'checkbox' ? 'false' : '')
  const sent = own.filter((f) => !shown || texts[f.name] !== before(f))
  return Object.fromEntries(sent.map((f) => [f.name, valueOf(f, texts[f.name] ?? '')]))
}
