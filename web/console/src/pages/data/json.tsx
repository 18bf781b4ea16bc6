import { CopyButton } from '../../ui/show'
import type { Column, Row } from './fields'

/** Json is a row as the API answers it. */
export function Json({ row, columns }: { row: Row; columns: Column[] }) {
  const relations = new Set(columns.flatMap((c) => (c.to ? [c.to.relation] : [])))
  const text = JSON.stringify(Object.fromEntries(Object.entries(row).filter(([name]) => !relations.has(name))), null, 2)
  return (
    <div className="json">
      <CopyButton text={text} label="Copy the JSON" />
      <pre tabIndex={0} aria-label="The row as JSON">{text.split(/("(?:[^"\\]|\\.)*"(?=:)|"(?:[^"\\]|\\.)*"|\b(?:true|false|null|-?\d+(?:\.\d+)?)\b)/).map((part, i) => (i % 2 === 0 ? part : <span key={i} className={part.startsWith('"') ? 'text' : 'word'}>{part}</span>))}</pre>
    </div>
  )
}
