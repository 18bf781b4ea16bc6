import { Download } from 'lucide-react'
import { useRef, useState } from 'react'
import { as, useActing } from '../../api/acting'
import type { Model } from '../../api/console'
import { json, params, type Page } from '../../api/request'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { save } from '../../ui/save'
import { Note, Trouble } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { number, plural } from '../../ui/words'
import { line } from './csv'
import { pathOf, type Column, type Row } from './fields'
import type { Asked } from './query'

const most = 200_000 // rows of one file, which the browser keeps until it is whole
const page = 1000

type Format = 'csv' | 'json' | 'jsonl'

/** ExportDialog writes the rows that are listed, all pages of them, into a file. */
export default function ExportDialog({ model, columns, asked, total, onClose }: { model: Model; columns: Column[]; asked: Asked; total: number | undefined; onClose: () => void }) {
  const acting = useActing()
  const [format, setFormat] = useState<Format>('csv')
  const [done, setDone] = useState<number | null>(null)
  const [trouble, setTrouble] = useState<unknown>(null)
  const stop = useRef<AbortController | null>(null)
  const filtered = asked.filter !== undefined || asked.search !== undefined
  const run = async (): Promise<void> => {
    const aborter = (stop.current = new AbortController())
    setTrouble(null)
    setDone(0)
    try {
      const parts: string[] = format === 'csv' ? [line(columns.map((c) => c.name))] : format === 'json' ? ['[\n'] : []
      let count = 0
      let cursor: string | null = null
      do {
        const next: Page<Row> = await json('GET', pathOf(model) + params({ ...asked, limit: page, cursor }), { ...as(acting), signal: aborter.signal })
        parts.push(next.items.map((row, i) => written(format, columns, row, count + i === 0)).join(''))
        count += next.items.length
        cursor = next.nextCursor
        setDone(count)
      } while (cursor && count < most)
      if (format === 'json') parts.push('\n]\n')
      save(new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/json' }), `${model.plural}.${format}`)
      if (cursor) throw new Error(`The file has the first ${number(most)} rows, as many as one has here. Take the rest by a filter, or all by: loam org export`)
      onClose()
    } catch (err) {
      if (!aborter.signal.aborted) setTrouble(err)
    }
    setDone(null)
  }
  return (
    <Dialog title={`Export ${model.name}`} onClose={() => (stop.current?.abort(), onClose())}>
      <div className="field">
        <span className="label">Format</span>
        <div><Tabs segmented label="Format" tabs={[{ value: 'csv', label: 'CSV' }, { value: 'json', label: 'JSON' }, { value: 'jsonl', label: 'JSON Lines' }]} value={format} onChange={setFormat} /></div>
      </div>
      <Note>{total === undefined ? 'All' : plural(total, 'row')} {filtered ? 'that the filter lets through' : 'of the model'}, {format === 'csv' ? 'with the columns that are shown' : 'with all fields'}; {number(most)} at most. They are read page by page, as {acting.user ? acting.user.name || acting.user.email : 'admin'}.</Note>
      {done !== null && <progress className="wide" aria-label="Rows written" max={Math.min(total ?? most, most)} value={done} />}
      {trouble !== null && <Trouble error={trouble} />}
      <div className="across end">
        <Button onClick={() => (stop.current?.abort(), onClose())}>Cancel</Button>
        <Button kind="primary" icon={<Download size={14} />} busy={done !== null} onClick={() => void run()}>{done ? plural(done, 'row') : 'Export'}</Button>
      </div>
    </Dialog>
  )
}

function written(format: Format, columns: Column[], row: Row, first: boolean): string {
  if (format === 'csv') return line(columns.map((c) => row[c.name]))
  if (format === 'jsonl') return JSON.stringify(row) + '\n'
  return (first ? '  ' : ',\n  ') + JSON.stringify(row)
}
