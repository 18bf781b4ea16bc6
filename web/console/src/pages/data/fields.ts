// A model's fields as a grid shows and edits them.

import type { Field, Model, Schema } from '../../api/console'

export type Row = Record<string, unknown>

/** Kind is how a field is shown and edited. */
export type Kind = 'text' | 'id' | 'number' | 'boolean' | 'enum' | 'datetime' | 'date' | 'time' | 'json' | 'list' | 'reference'

/** Column is a field that has a value of its own in a row. A reference stands for the key of another model's row. */
export interface Column {
  name: string // the key in the row
  title: string
  field: Field
  kind: Kind
  scalar: string
  to?: { relation: string; model: Model } // of a reference
  editable: boolean
  key: boolean
}

const kinds: Record<string, Kind> = {
  ID: 'id', Int: 'number', Float: 'number', Timestamp: 'number', Boolean: 'boolean', DateTime: 'datetime', Date: 'date', Time: 'time', JSON: 'json',
}

const scalarOf = (field: Field): string => field.type.replace(/[[\]!]/g, '').replace(/^AWS/, '')

function kindOf(field: Field): Kind {
  if (field.list) return 'list'
  if (field.kind === 'enum') return 'enum'
  if (field.kind === 'embedded') return 'json'
  return kinds[scalarOf(field)] ?? 'text'
}

/** relationKey is the one field that holds a relation's key; undefined where it has several, or is on the other side. */
export function relationKey(field: Field): string | undefined {
  if (field.relation?.type !== 'belongsTo') return undefined
  const from = [field.relation.from].flat()
  return from.length === 1 ? from[0] : undefined
}

export const modelNamed = (schema: Schema, name: string): Model | undefined => schema.models.find((m) => m.name === name)

/** columnsOf are the columns of a model in the order of its schema, what Loam keeps by itself last. */
export function columnsOf(schema: Schema, model: Model): Column[] {
  const references = new Map<string, { relation: string; model: Model; field: Field }>()
  for (const field of model.fields) {
    const name = relationKey(field)
    const target = field.relation && modelNamed(schema, field.relation.target)
    if (name && target) references.set(name, { relation: field.name, model: target, field })
  }
  const column = (field: Field): Column => {
    const to = references.get(field.name)
    return {
      name: field.name, title: to?.relation ?? field.name, field: to ? { ...field, required: field.required || to.field.required } : field, kind: to ? 'reference' : kindOf(field), scalar: scalarOf(field),
      ...(to ? { to: { relation: to.relation, model: to.model } } : {}),
      editable: model.operations.update && !model.readOnly && !field.readOnly && !model.key.includes(field.name),
      key: model.key.includes(field.name),
    }
  }
  const plain = model.fields.filter((f) => f.kind !== 'relation' && !f.hidden)
  const byLoam = (f: Field): boolean => f.implicit && ['createdAt', 'updatedAt', 'version'].includes(f.name)
  const seen = new Set<string>()
  const ordered: Field[] = []
  for (const field of model.fields) { // a reference stands where its relation does
    const name = field.kind === 'relation' ? relationKey(field) : field.name
    const own = plain.find((f) => f.name === name)
    if (own && !seen.has(own.name) && !(field.kind !== 'relation' && references.has(own.name) && field.implicit)) {
      seen.add(own.name)
      ordered.push(own)
    }
  }
  for (const field of plain) if (!seen.has(field.name)) ordered.push(field)
  const keys = ordered.filter((f) => model.key.includes(f.name))
  const own = ordered.filter((f) => !model.key.includes(f.name) && !byLoam(f))
  return [...keys, ...own, ...ordered.filter(byLoam)].map(column)
}

/** labelField is the field that says best which row a row is. */
export function labelField(model: Model): string {
  const texts = model.fields.filter((f) => f.kind === 'scalar' && !f.list && !f.hidden && ['String', 'Email'].includes(scalarOf(f)) && !model.key.includes(f.name))
  const best = ['name', 'title', 'label', 'subject', 'email', 'code', 'slug'].map((n) => texts.find((f) => f.name === n)).find(Boolean) ?? texts[0]
  return best?.name ?? model.key[0] ?? 'id'
}

export const labelOf = (model: Model, row: Row): string => String(row[labelField(model)] ?? row[model.key[0] ?? 'id'] ?? '')

/** keyOf is a row's key as an address has it. */
export const keyOf = (model: Model, row: Row): string => model.key.map((name) => String(row[name])).join(',')

export const pathOf = (model: Model, key?: string): string => `/api/${model.plural}` + (key === undefined ? '' : '/' + key.split(',').map(encodeURIComponent).join(','))

/** toMany are the relations that lead from one row to many. */
export const toMany = (model: Model): Field[] => model.fields.filter((f) => f.kind === 'relation' && f.list)

/** shown is a value in one line. */
export function shown(column: Column, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (column.kind === 'datetime') return String(value).replace('T', ' ').replace(/(\.\d+)?Z$/, '')
  if (column.kind === 'list' && Array.isArray(value) && value.every((v) => typeof v !== 'object')) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** written is a value as its editor has it: text. */
export function written(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value)
}

/** read is what an editor's text means; it throws what is wrong with it. */
export function read(column: Column, text: string): unknown {
  const { kind, scalar, field } = column
  if (text === '' && (kind !== 'text' || !field.required)) return null
  switch (kind) {
    case 'number': {
      const n = Number(text)
      if (Number.isNaN(n) || (scalar !== 'Float' && !Number.isInteger(n))) throw new Error(scalar === 'Float' ? `“${text}” is not a number` : `“${text}” is not a whole number`)
      return n
    }
    case 'boolean':
      return text === 'true'
    case 'list':
    case 'json':
      try {
        return JSON.parse(text) as unknown
      } catch (err) {
        throw new Error(`not JSON: ${err instanceof Error ? err.message : String(err)}`)
      }
    case 'datetime':
      return /Z$|[+-]\d\d:\d\d$/.test(text) ? text : text + (text.length === 16 ? ':00' : '') + 'Z'
    default:
      return text
  }
}
