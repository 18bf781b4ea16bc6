import { useNavigate } from '@tanstack/react-router'
import { CopyPlus, Ellipsis, Trash2, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Model, Schema } from '../../api/console'
import { Button } from '../../ui/button'
import { Menu } from '../../ui/menu'
import { CopyButton, Skeleton, Trouble } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { toast, wrong } from '../../ui/toast'
import { labelOf, toMany, type Column, type Row } from './fields'
import { History } from './history'
import { Json } from './json'
import { useChanges, useRow } from './query'
import { Related } from './related'
import { RowForm } from './row-form'
import { Why } from './why'

interface Props {
  schema: Schema
  model: Model
  columns: Column[]
  id?: string // none: a new row
  whyNot: string | undefined // why nothing may be written
  onClose: () => void
  onCreated?: (row: Row) => void
}

type Tab = 'fields' | 'related' | 'json' | 'history' | 'why'

/** Drawer is one row beside the others: its fields, what belongs to it, its history, and who may see it. */
export function Drawer({ schema, model, columns, id, whyNot, onClose, onCreated }: Props) {
  const found = useRow(model, columns, id)
  const changes = useChanges(model, columns)
  const navigate = useNavigate()
  const [tab, setTab] = useState<Tab>('fields')
  const [copied, setCopied] = useState<Row | null>(null) // the row that a new one begins as
  const box = useRef<HTMLElement>(null)
  const row = found.data
  useEffect(() => box.current?.focus(), [])
  const title = id === undefined ? `New ${model.name}` : row ? labelOf(model, row) : id
  const remove = async (): Promise<void> => {
    if (!row) return
    try {
      await changes.remove([row])
      toast(`${labelOf(model, row)} deleted`)
      onClose()
    } catch (err) {
      wrong(err)
    }
  }
  const tabs: { value: Tab; label: string }[] = [{ value: 'fields', label: 'Fields' }, ...(toMany(model).length > 0 ? [{ value: 'related' as const, label: 'Related' }] : []), { value: 'json', label: 'JSON' }, { value: 'history', label: 'History' }, { value: 'why', label: 'Why' }]
  return (
    <aside ref={box} className="drawer" aria-label={title} tabIndex={-1} onKeyDown={(e) => e.key === 'Escape' && onClose()}>
      <header>
        <div className="grow">
          <h2 className="clip" dir="auto">{title}</h2>
          {id !== undefined && <div className="small quiet mono clip">{id} <CopyButton text={id} label="Copy the id" /></div>}
        </div>
        {row && (
          <Menu
            trigger={<Button kind="ghost" tiny aria-label="More" icon={<Ellipsis size={15} />} />}
            groups={[
              [{ label: 'A new row like this', icon: <CopyPlus size={14} />, disabled: whyNot !== undefined || !model.operations.create, act: () => setCopied(row) }],
              [{ label: 'Delete this row', icon: <Trash2 size={14} />, danger: true, disabled: whyNot !== undefined || !model.operations.delete, act: () => void remove() }],
            ]}
          />
        )}
        <Button kind="ghost" tiny aria-label="Close" icon={<X size={15} />} onClick={onClose} />
      </header>
      {id === undefined || copied ? (
        <div className="inside"><RowForm model={model} columns={columns} {...(copied ? { begin: copied } : {})} whyNot={whyNot} onSave={async (values) => { const made = await changes.create(values); toast(`${labelOf(model, made)} created`); setCopied(null); onCreated ? onCreated(made) : void navigate({ to: '/data/$plural', params: { plural: model.plural }, search: { row: String(made[model.key[0]!]) } }) }} /></div>
      ) : found.error ? (
        <div className="inside"><Trouble error={found.error} retry={() => void found.refetch()} /></div>
      ) : !row ? (
        <div className="inside"><Skeleton lines={8} /></div>
      ) : (
        <>
          <Tabs label="About the row" tabs={tabs} value={tab} onChange={setTab} />
          <div className="inside" role="tabpanel" aria-label={tab} tabIndex={0}>
            {tab === 'fields' && <RowForm key={String(row.version)} model={model} columns={columns} row={row} whyNot={whyNot} onSave={async (change) => { await changes.update(row, change); toast('Saved') }} />}
            {tab === 'related' && <Related schema={schema} model={model} row={row} />}
            {tab === 'json' && <Json row={row} columns={columns} />}
            {tab === 'history' && <History model={model} id={id} />}
            {tab === 'why' && <Why model={model} id={id} />}
          </div>
        </>
      )}
    </aside>
  )
}
