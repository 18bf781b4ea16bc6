// How a model's grid is laid out: widths and hidden columns, kept in the browser.

import { useCallback, useMemo, useState } from 'react'
import type { Column, Kind } from './fields'

const widths: Record<Kind, number> = { text: 200, id: 150, number: 96, boolean: 92, enum: 116, datetime: 172, date: 112, time: 104, json: 200, list: 180, reference: 180 }

export function widthOf(column: Column): number {
  if (column.key) return 132
  if (column.name === 'version') return 80
  if (column.kind === 'text' && /title|body|text|description|summary/i.test(column.name)) return 256
  return Math.max(widths[column.kind], 60 + column.title.length * 8)
}

interface Layout {
  widths: Record<string, number>
  hidden: string[]
}

const stored = (model: string): Layout => {
  try {
    return JSON.parse(localStorage.getItem(`loam-columns-${model}`) ?? '') as Layout
  } catch {
    return { widths: {}, hidden: [] }
  }
}

/** useLayout is a model's layout, and how to change it. */
export function useLayout(model: string) {
  const [all, setAll] = useState<Record<string, Layout>>({})
  const first = useMemo(() => stored(model), [model]) // the same each time, or every line would be made anew
  const layout = all[model] ?? first
  const set = useCallback((change: (old: Layout) => Layout) => {
    setAll((old) => {
      const next = change(old[model] ?? stored(model))
      localStorage.setItem(`loam-columns-${model}`, JSON.stringify(next))
      return { ...old, [model]: next }
    })
  }, [model])
  const setWidth = useCallback((name: string, width: number) => set((old) => ({ ...old, widths: { ...old.widths, [name]: width } })), [set])
  const toggle = useCallback((name: string) => set((old) => ({ ...old, hidden: old.hidden.includes(name) ? old.hidden.filter((h) => h !== name) : [...old.hidden, name] })), [set])
  return { widths: layout.widths, hidden: layout.hidden, setWidth, toggle }
}
