// The filter builder's conditions, in an address and as the server takes them.

import type { Column, Kind } from './fields'

export interface Condition {
  field: string
  operator: string
  value: string
}

interface Operator {
  name: string
  words: string
}

const equal = [{ name: 'eq', words: 'is' }, { name: 'ne', words: 'is not' }]
const order = [{ name: 'gt', words: 'is more than' }, { name: 'ge', words: 'is at least' }, { name: 'lt', words: 'is less than' }, { name: 'le', words: 'is at most' }]
const times = [{ name: 'ge', words: 'is at or after' }, { name: 'lt', words: 'is before' }]
const some = [{ name: 'in', words: 'is one of' }, { name: 'notIn', words: 'is none of' }]
const empty = [{ name: 'empty', words: 'is empty' }, { name: 'set', words: 'is set' }]

const operators: Record<Kind, Operator[]> = {
  text: [{ name: 'contains', words: 'contains' }, { name: 'beginsWith', words: 'begins with' }, ...equal, { name: 'notContains', words: 'does not contain' }, ...some, ...empty],
  id: [...equal, ...some, ...empty],
  reference: [...equal, ...some, ...empty],
  number: [...equal, ...order, ...some, ...empty],
  boolean: [...equal, ...empty],
  enum: [...equal, ...some, ...empty],
  datetime: [...times, ...equal, ...empty],
  date: [...equal, ...times, ...empty],
  time: [...times, ...equal, ...empty],
  json: empty,
  list: [{ name: 'contains', words: 'contains' }, { name: 'notContains', words: 'does not contain' }, ...empty],
}

/** operatorsOf are those that a column's type has; what can't be empty is not asked for being so. */
export const operatorsOf = (column: Column): Operator[] => operators[column.kind].filter((o) => !column.field.required || (o.name !== 'empty' && o.name !== 'set'))

export const takesValue = (operator: string): boolean => operator !== 'empty' && operator !== 'set'

export function wordsOf(c: Condition, column: Column | undefined): string {
  const operator = column ? operators[column.kind].find((o) => o.name === c.operator) : undefined
  return `${column?.title ?? c.field} ${operator?.words ?? c.operator}${takesValue(c.operator) ? ` ${c.value}` : ''}`
}

/** parse reads conditions from an address; what is none is left out. */
export function parse(text: string | undefined): Condition[] {
  if (!text) return []
  try {
    const all = JSON.parse(text) as unknown
    return Array.isArray(all) ? all.filter((c): c is Condition => typeof c === 'object' && c !== null && ['field', 'operator', 'value'].every((k) => typeof (c as Record<string, unknown>)[k] === 'string')) : []
  } catch {
    return []
  }
}

export const print = (all: Condition[]): string | undefined => (all.length === 0 ? undefined : JSON.stringify(all))

/** asFilter is conditions as the server's filter; undefined where there are none. */
export function asFilter(all: Condition[], columns: Column[]): string | undefined {
  const parts = all.flatMap((c) => {
    const column = columns.find((k) => k.name === c.field)
    return column ? [{ [c.field]: operand(c, column) }] : []
  })
  return parts.length === 0 ? undefined : JSON.stringify(parts.length === 1 ? parts[0] : { and: parts })
}

function operand({ operator, value }: Condition, column: Column): object {
  if (operator === 'empty' || operator === 'set') return { isNull: operator === 'empty' }
  if (operator === 'in' || operator === 'notIn') return { [operator]: value.split(',').map((v) => typed(column, v.trim())) }
  return { [operator]: typed(column, value) }
}

function typed(column: Column, text: string): unknown {
  const scalar = ['Int', 'Float', 'Timestamp'].includes(column.scalar) ? 'number' : column.kind
  if (scalar === 'number') return Number.isNaN(Number(text)) || text === '' ? text : Number(text)
  if (scalar === 'boolean' || column.scalar === 'Boolean') return text === 'true'
  if (scalar === 'datetime' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(text)) return text.length === 10 ? `${text}T00:00:00Z` : text.length === 16 ? `${text}:00Z` : `${text}Z`
  return text
}
