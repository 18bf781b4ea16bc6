import { useState } from 'react'
import type { AuditRecord } from '../../api/admin'
import { get, params, type Page } from '../../api/request'
import { FormDialog } from '../../ui/form-dialog'
import { save } from '../../ui/save'
import { Note } from '../../ui/show'
import { number, plural } from '../../ui/words'

const most = 100_000 // records of one file, which the browser keeps until it is whole

/** ExportAudit writes the records that are listed, all pages of them, into a file. */
export function ExportAudit({ asked, filtered, onClose }: { asked: Record<string, string | undefined>; filtered: boolean; onClose: () => void }) {
  const [done, setDone] = useState(0)
  const take = async (): Promise<void> => {
    const parts: string[] = []
    let cursor: string | null = null
    let count = 0
    do {
      const next: Page<AuditRecord> = await get('/console/api/audit' + params({ ...asked, limit: 1000, cursor }))
      parts.push(next.items.map((r) => JSON.stringify(r) + '\n').join(''))
      setDone((count += next.items.length))
      cursor = next.nextCursor
    } while (cursor && count < most)
    save(new Blob(parts, { type: 'application/jsonl' }), 'audit.jsonl')
    if (cursor) throw new Error(`The file has the newest ${number(most)} records, as many as one has here. All of them: loam audit export`)
  }
  return (
    <FormDialog title="Export the audit trail" action="Export" act={take} onClose={onClose}>
      <p>{filtered ? 'The records that the filter lets through' : 'All records'}, newest first, as JSON Lines; {number(most)} at most. With hashes, for another to check them: <code>loam audit export</code> on the server’s machine.</p>
      {done > 0 && <Note>{plural(done, 'record')} so far</Note>}
    </FormDialog>
  )
}
