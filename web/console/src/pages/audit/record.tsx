import type { AuditRecord } from '../../api/admin'
import { Dialog } from '../../ui/dialog'
import { Badge, CopyButton, type Tone } from '../../ui/show'
import { whole } from '../../ui/words'
import { InOrganization, Who } from '../../ui/who'
import { machine } from '../users/sessions'
import { wordsOf } from './actions'

/** toneOf is the colour of an outcome. */
export const toneOf = (outcome: string): Tone => (outcome === 'success' ? 'good' : outcome === 'denied' ? 'warn' : 'bad')

/** RecordDialog is all that a record says. */
export function RecordDialog({ record: r, onClose }: { record: AuditRecord; onClose: () => void }) {
  const details = Object.entries(r.details ?? {})
  return (
    <Dialog title={wordsOf(r.action)} onClose={onClose}>
      <dl className="pairs">
        <dt>Event</dt><dd className="mono">{r.action}</dd>
        <dt>When</dt><dd>{whole(r.at)}</dd>
        <dt>Outcome</dt><dd><Badge tone={toneOf(r.outcome)}>{r.outcome}</Badge></dd>
        <dt>By</dt><dd><Who subject={r.actor} /></dd>
        {r.impersonator && <><dt>Through</dt><dd><Who subject={r.impersonator} />, who acted as them</dd></>}
        {r.target && <><dt>Of</dt><dd><Who subject={r.target} /></dd></>}
        {r.organization && <><dt>In</dt><dd><InOrganization id={r.organization} /></dd></>}
        {r.address && <><dt>From</dt><dd className="mono">{r.address}</dd></>}
        {r.agent && <><dt>With</dt><dd title={r.agent}>{machine(r.agent)}</dd></>}
        {r.requestId && <><dt>Request</dt><dd className="mono">{r.requestId}</dd></>}
        <dt>Record</dt><dd className="mono">{r.seq !== undefined && `${r.seq} · `}{r.id.slice(0, 16)}… <CopyButton text={r.id} label="Copy the record’s hash" /></dd>
      </dl>
      {details.length > 0 && (
        <>
          <h3>Details</h3>
          <dl className="changes">{details.flatMap(([name, value]) => changed(name, value, r.details!)).map(([name, before, after]) => <div key={name}><dt>{name}</dt><dd>{before !== undefined && <><del>{text(before)}</del> </>}{before !== undefined ? <ins>{text(after)}</ins> : text(after)}</dd></div>)}</dl>
        </>
      )}
    </Dialog>
  )
}

// changed reads what a detail tells: the value before, where the record has it, and
// the value now. A record keeps both as {before, after}, as [before, after] or beside
// each other, such as a role and the one before.
function changed(name: string, value: unknown, all: Record<string, unknown>): [string, unknown, unknown][] {
  if (name === 'before' && 'role' in all) return []
  if (name === 'role' && 'before' in all) return [[name, all.before, value]]
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const inside = value as Record<string, unknown>
    if ('before' in inside || 'after' in inside) return [[name, inside.before ?? null, inside.after ?? null]]
    return Object.entries(inside).flatMap(([key, v]) => changed(name === 'changes' ? key : `${name}.${key}`, v, inside))
  }
  return [[name, undefined, value]]
}

const text = (value: unknown): string => (typeof value === 'string' ? value || '""' : JSON.stringify(value))
