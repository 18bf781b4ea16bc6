import { useQueryClient } from '@tanstack/react-query'
import { Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { as, useActing } from '../../api/acting'
import type { Model } from '../../api/console'
import { json, Problem } from '../../api/request'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Note, Trouble } from '../../ui/show'
import { number, plural, size } from '../../ui/words'
import { records } from './csv'
import { pathOf, read, type Column, type Row } from './fields'

const together = 100 // rows of one transaction
const largestJSON = 32 << 20 // bytes; a CSV file or JSON Lines is read as it comes, of any length
const mistakesShown = 50

interface Mistake {
  rows: string
  message: string
}

interface Progress {
  done: number
  failed: number
  running: boolean
}

/** ImportDialog makes rows of a file, a hundred in one transaction. */
export default function ImportDialog({ model, columns, onClose }: { model: Model; columns: Column[]; onClose: () => void }) {
  const acting = useActing()
  const queries = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [preview, setPreview] = useState<{ rows: Row[]; unknown: string[] } | null>(null)
  const [known, setKnown] = useState(false) // rows that are there already are changed
  const [progress, setProgress] = useState<Progress | null>(null)
  const [mistakes, setMistakes] = useState<Mistake[]>([])
  const [trouble, setTrouble] = useState<unknown>(null)
  const stop = useRef(false)
  const choose = async (chosen: File | null): Promise<void> => {
    setFile(chosen)
    setPreview(null)
    setTrouble(null)
    setMistakes([])
    setProgress(null)
    if (!chosen) return
    try {
      const rows: Row[] = []
      for await (const row of rowsOf(chosen, columns)) if (rows.push(row) === 5) break
      const names = new Set(rows.flatMap((r) => Object.keys(r)))
      setPreview({ rows, unknown: [...names].filter((n) => !columns.some((c) => c.name === n)) })
    } catch (err) {
      setTrouble(err)
    }
  }
  const run = async (): Promise<void> => {
    stop.current = false
    let done = 0
    let failed = 0
    setMistakes([])
    const send = async (batch: Row[], from: number): Promise<void> => {
      try {
        await json('POST', '/api/batch', { ...as(acting), body: { operations: batch.map((body) => ({ method: known ? 'PUT' : 'POST', path: pathOf(model), body })) } })
        done += batch.length
      } catch (err) {
        if (!(err instanceof Problem) || err.status === 0 || err.status === 401 || err.status === 429) throw err
        failed += batch.length
        const at = /^operations\.(\d+)/.exec(err.field)
        const rows = at ? `Row ${number(from + Number(at[1]) + 1)}, and so rows ${number(from + 1)} to ${number(from + batch.length)}` : `Rows ${number(from + 1)} to ${number(from + batch.length)}`
        setMistakes((old) => (old.length < mistakesShown ? [...old, { rows, message: err.message }] : old))
      }
      setProgress({ done, failed, running: true })
    }
    setProgress({ done, failed, running: true })
    try {
      let batch: Row[] = []
      let from = 0
      for await (const row of rowsOf(file!, columns)) {
        if (stop.current) break
        batch.push(writable(row, columns, known))
        if (batch.length === together) {
          await send(batch, from)
          from += batch.length
          batch = []
        }
      }
      if (batch.length > 0 && !stop.current) await send(batch, from)
    } catch (err) {
      setTrouble(err)
    }
    setProgress({ done, failed, running: false })
    await queries.invalidateQueries({ queryKey: ['rows', model.name] })
    await queries.invalidateQueries({ queryKey: ['total', model.name] })
  }
  const shown = columns.filter((c) => preview?.rows.some((r) => c.name in r))
  return (
    <Dialog title={`Import ${model.name}`} large onClose={() => ((stop.current = true), onClose())}>
      <div className="field">
        <label htmlFor="file">A file of rows</label>
        <input id="file" className="input file" type="file" accept=".csv,.json,.jsonl,.ndjson,text/csv,application/json" onChange={(e) => void choose(e.target.files?.[0] ?? null)} />
        <p className="hint">CSV with the fields’ names in its first line, an array in JSON ({size(largestJSON)} at most), or JSON Lines. Lists and JSON in a CSV cell are written as JSON; an empty cell is null.</p>
      </div>
      {preview && preview.rows.length > 0 && (
        <>
          <div className="scroll" tabIndex={0} role="region" aria-label="The first rows of the file">
            <table className="list"><thead><tr>{shown.map((c) => <th key={c.name}>{c.name}</th>)}</tr></thead><tbody>{preview.rows.map((r, i) => <tr key={i}>{shown.map((c) => <td key={c.name} className="clip">{r[c.name] === null || r[c.name] === undefined ? <span className="none">null</span> : typeof r[c.name] === 'object' ? JSON.stringify(r[c.name]) : String(r[c.name])}</td>)}</tr>)}</tbody></table>
          </div>
          {preview.unknown.length > 0 && <Note warn>{model.name} has no {preview.unknown.map((n) => `“${n}”`).join(', ')}: {preview.unknown.length === 1 ? 'that column is' : 'those columns are'} left out.</Note>}
          <label className="check"><input type="checkbox" checked={known} onChange={(e) => setKnown(e.target.checked)} /> Change rows that are there already, by their key or a unique field</label>
          <Note>{together} rows are one transaction: where one is refused, so are the others of its hundred, and the next go on. What Loam sets by itself (createdAt, updatedAt, version) is left out.</Note>
        </>
      )}
      {preview && preview.rows.length === 0 && <Note warn>The file has no rows.</Note>}
      {progress && <p role="status">{progress.running ? 'So far' : 'Done:'} {plural(progress.done, 'row')} written{progress.failed > 0 && <span className="bad">, {number(progress.failed)} refused</span>}</p>}
      {mistakes.length > 0 && <ul className="mistakes" tabIndex={0} aria-label="What was refused">{mistakes.map((m, i) => <li key={i}><b>{m.rows}</b> {m.message}</li>)}</ul>}
      {trouble !== null && <Trouble error={trouble} />}
      <div className="across end">
        <Button onClick={() => ((stop.current = true), onClose())}>{progress && !progress.running ? 'Close' : 'Cancel'}</Button>
        <Button kind="primary" icon={<Upload size={14} />} disabled={!preview || preview.rows.length === 0 || (progress !== null && !progress.running && mistakes.length === 0)} busy={progress?.running ?? false} onClick={() => void run()}>Import</Button>
      </div>
    </Dialog>
  )
}

const own = ['createdAt', 'updatedAt', 'version']

function writable(row: Row, columns: Column[], known: boolean): Row {
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => {
    const column = columns.find((c) => c.name === name)
    return column && !own.includes(name) && (known || value !== null || !column.field.required)
  }))
}

// rowsOf reads a file's rows, typed as the model has them.
async function* rowsOf(file: File, columns: Column[]): AsyncGenerator<Row> {
  if (/\.(jsonl|ndjson)$/i.test(file.name)) return yield* lines(file)
  if (/\.json$/i.test(file.name)) {
    if (file.size > largestJSON) throw new Error(`The file has ${size(file.size)}; JSON may have ${size(largestJSON)}. Write it as JSON Lines, which is read line by line.`)
    const all = JSON.parse(await file.text()) as unknown
    if (!Array.isArray(all)) throw new Error('The file is no array: write [ {…}, {…} ], or JSON Lines.')
    return yield* all as Row[]
  }
  let names: string[] | null = null
  let n = 0
  for await (const record of records(file)) {
    n++
    if (!names) {
      names = record.map((name) => name.trim())
      continue
    }
    const row: Row = {}
    for (const [i, name] of names.entries()) {
      const column = columns.find((c) => c.name === name)
      try {
        row[name] = column ? read(column.kind === 'text' && !column.field.required && record[i] === '' ? { ...column, kind: 'id' } : column, record[i] ?? '') : record[i]
      } catch (err) {
        throw new Error(`Line ${number(n)}, ${name}: ${err instanceof Error ? err.message : String(err)}. Mend it in the file, and choose the file again.`)
      }
    }
    yield row
  }
}

async function* lines(file: File): AsyncGenerator<Row> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value = '' } = await reader.read()
    const parts = (rest + value).split('\n')
    rest = done ? '' : (parts.pop() ?? '')
    for (const part of parts) if (part.trim()) yield JSON.parse(part) as Row
    if (done) return
  }
}
