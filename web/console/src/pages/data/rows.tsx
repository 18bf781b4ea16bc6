import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Building2, Columns3, Download, Ellipsis, Plus, RefreshCw, Table2, Trash2, Upload } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { look, useActing } from '../../api/acting'
import { meQuery, organizationsQuery, schemaQuery, type Model, type Schema } from '../../api/console'
import type { DataSearch } from '../../routes'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Menu } from '../../ui/menu'
import { Empty, Skeleton, Trouble } from '../../ui/show'
import { toast, wrong } from '../../ui/toast'
import { number, plural as many } from '../../ui/words'
import { Drawer } from './drawer'
import { columnsOf, keyOf, type Column, type Row } from './fields'
import { asFilter, parse, print } from './filter'
import { Filters } from './filters'
import { Grid } from './grid'
import { useLayout } from './layout'
import { reads, useChanges, useRows, useTotal, type Asked } from './query'

const ExportDialog = lazy(() => import('./export-dialog'))
const ImportDialog = lazy(() => import('./import-dialog'))
const route = getRouteApi('/app/data/$plural')

/** RowsPage has the rows of the model that the address names. */
export function RowsPage() {
  const { plural } = route.useParams()
  const schema = useQuery(schemaQuery).data
  const model = schema?.models.find((m) => m.plural === plural)
  if (!schema) return <Skeleton />
  if (!model) return <Empty icon={Table2} title={`There is no model at ${plural}`}>The schema may have changed since this address was made. Choose one of its models.</Empty>
  return <Rows key={model.name} schema={schema} model={model} />
}

// whyNot says why nothing is written as things are; undefined where something may be.
function useWhyNot(model: Model): string | undefined {
  const me = useQuery(meQuery).data
  const { user } = useActing()
  if (model.readOnly) return `${model.name} is read-only here`
  if (user) return user.write ? undefined : `You see rows as ${user.name || user.email}, for reading`
  return me?.data === 'write' ? undefined : 'loam.yaml has console.data: read'
}

function Rows({ schema, model }: { schema: Schema; model: Model }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const acting = useActing()
  const tenancy = useQuery(meQuery).data?.tenancy ?? true
  const columns = useMemo(() => columnsOf(schema, model), [schema, model])
  const layout = useLayout(model.name)
  const shown = useMemo(() => columns.filter((c) => !layout.hidden.includes(c.name)), [columns, layout.hidden])
  const conditions = useMemo(() => parse(search.filter), [search.filter])
  const asked = useMemo<Asked>(() => ({ filter: asFilter(conditions, columns), sort: search.search ? undefined : search.sort, search: search.search }), [conditions, columns, search.sort, search.search])
  const enabled = reads(acting, model, tenancy)
  const list = useRows(model, columns, asked, enabled)
  const total = useTotal(model, asked, enabled)
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.items) ?? [], [list.data])
  const changes = useChanges(model, columns)
  const whyNot = useWhyNot(model)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [dialog, setDialog] = useState<'new' | 'delete' | 'import' | 'export' | null>(null)
  const to = useCallback((change: DataSearch | ((old: DataSearch) => DataSearch)) => void navigate({ to: '/data/$plural', params: { plural: model.plural }, search: change as DataSearch, replace: true }), [navigate, model.plural])
  const open = useCallback((row: string | undefined) => to((old) => { const { row: _, ...rest } = old; return row ? { ...rest, row } : rest }), [to])
  const sort = useCallback((by: string | undefined) => to((old) => { const { sort: _, ...rest } = old; return by ? { ...rest, sort: by } : rest }), [to])
  const more = useCallback(() => void (list.isFetchingNextPage || list.isError || list.fetchNextPage()), [list])
  useEffect(() => setSelected(new Set()), [asked, acting])
  const edit = useCallback((row: Row, column: Column, value: unknown) => changes.update(row, { [column.name]: value }), [changes])
  if (!enabled) {
    return <Whose model={model} />
  }
  return (
    <>
      <div className="toolbar">
        <Filters
          key={model.name}
          model={model}
          columns={columns}
          conditions={conditions}
          onConditions={(all) => to((old) => { const { filter: _, ...rest } = old; const filter = print(all); return filter ? { ...rest, filter } : rest })}
          search={search.search ?? ''}
          onSearch={(text) => to((old) => { const { search: _, ...rest } = old; return text ? { ...rest, search: text } : rest })}
        />
        <span className="count quiet number" role="status">{total.data === undefined ? '' : many(total.data, 'row')}</span>
        <div className="tools">
          {selected.size > 0 && <Button kind="danger" icon={<Trash2 size={14} />} disabled={whyNot !== undefined} onClick={() => setDialog('delete')}>Delete {number(selected.size)}</Button>}
          <Button kind="ghost" aria-label="Read the rows anew" icon={<RefreshCw size={14} />} busy={list.isRefetching} onClick={() => (void list.refetch(), void total.refetch())} />
          <Columns columns={columns} hidden={layout.hidden} onToggle={layout.toggle} />
          <Menu
            trigger={<Button kind="ghost" aria-label="Import and export" icon={<Ellipsis size={15} />} />}
            groups={[[
              { label: 'Import CSV or JSON…', icon: <Upload size={14} />, disabled: whyNot !== undefined || !model.operations.create, act: () => setDialog('import') },
              { label: 'Export CSV or JSON…', icon: <Download size={14} />, act: () => setDialog('export') },
            ]]}
          />
          <Button kind="primary" icon={<Plus size={14} />} disabled={whyNot !== undefined || !model.operations.create} title={whyNot} onClick={() => setDialog('new')}>New row</Button>
        </div>
      </div>
      <div className="gridbox">
        {list.error && rows.length === 0 ? <div className="page"><Trouble error={list.error} retry={() => void list.refetch()} /></div> : list.isPending ? <div className="page"><Skeleton lines={8} /></div> : rows.length === 0 ? (
          <NoRows model={model} filtered={conditions.length > 0 || search.search !== undefined} onClear={() => to({})} />
        ) : (
          <Grid model={model} columns={shown} widths={layout.widths} onWidth={layout.setWidth} rows={rows} total={total.data} more={list.hasNextPage} onMore={more} sort={search.sort} onSort={sort} selected={selected} onSelected={setSelected} opened={search.row} onOpen={open} onEdit={whyNot === undefined && model.operations.update ? edit : null} />
        )}
        {search.row !== undefined && dialog !== 'new' && <Drawer key={search.row} schema={schema} model={model} columns={columns} id={search.row} whyNot={whyNot} onClose={() => open(undefined)} />}
        {dialog === 'new' && <Drawer schema={schema} model={model} columns={columns} whyNot={whyNot} onClose={() => setDialog(null)} onCreated={(row) => (setDialog(null), open(keyOf(model, row)))} />}
      </div>
      {dialog === 'delete' && <Delete model={model} rows={rows.filter((r) => selected.has(keyOf(model, r)))} remove={changes.remove} onClose={() => setDialog(null)} onDone={() => (setDialog(null), setSelected(new Set()), search.row && selected.has(search.row) && open(undefined))} />}
      <Suspense fallback={null}>
        {dialog === 'export' && <ExportDialog model={model} columns={shown} asked={asked} total={total.data} onClose={() => setDialog(null)} />}
        {dialog === 'import' && <ImportDialog model={model} columns={columns} onClose={() => setDialog(null)} />}
      </Suspense>
    </>
  )
}

const offered = 6 // organizations

// Whose asks for the organization whose rows are looked at; where there is one alone, it is that.
function Whose({ model }: { model: Model }) {
  const { data, error, refetch } = useQuery(organizationsQuery)
  const all = data?.items ?? []
  const only = all.length === 1 ? all[0] : undefined
  useEffect(() => {
    if (only) look(only)
  }, [only])
  if (error) return <div className="page"><Trouble error={error} retry={() => void refetch()} /></div>
  if (!data || only) return <div className="page"><Skeleton /></div>
  if (all.length === 0) {
    return (
      <Empty icon={Building2} title="There is no organization yet">
        {model.name} belongs to organizations: each has rows of its own. <Link to="/organizations">Make the first one</Link>, or <a href="/account/sign-up">sign up</a> as a user of your app would.
      </Empty>
    )
  }
  return (
    <Empty icon={Building2} title="Whose rows?">
      {model.name} belongs to organizations: each has rows of its own, and no statement reads across them. Choose one{all.length > offered ? ' of these, or any above' : ''}.
      <span className="across center offered">{all.slice(0, offered).map((o) => <Button key={o.id} onClick={() => look(o)}><span className="clip">{o.name}</span></Button>)}</span>
    </Empty>
  )
}

function Columns({ columns, hidden, onToggle }: { columns: Column[]; hidden: string[]; onToggle: (name: string) => void }) {
  return (
    <Menu
      trigger={<Button kind="ghost" aria-label={hidden.length > 0 ? `Columns, ${hidden.length} hidden` : 'Columns'} icon={<Columns3 size={15} />} />}
      heading="Columns"
      groups={[columns.map((c) => ({ label: c.title, checked: !hidden.includes(c.name), disabled: c.key, act: () => onToggle(c.name) }))]}
    />
  )
}

function NoRows({ model, filtered, onClear }: { model: Model; filtered: boolean; onClear: () => void }) {
  const { organization, user } = useActing()
  if (filtered) return <Empty icon={Table2} title="No row meets these conditions"><Button kind="link" onClick={onClear}>Show all rows</Button></Empty>
  const fields = model.fields.filter((f) => f.required && !f.implicit && f.kind !== 'relation' && (f.default === null || f.default === undefined)).map((f) => [f.name, f.enum?.[0] ?? (/Int|Float/.test(f.type) ? 1 : /Boolean/.test(f.type) ? true : '…')])
  return (
    <Empty icon={Table2} title={user ? `${user.name || user.email} sees no ${model.name} here` : `No ${model.name} yet${organization && model.scope === 'tenant' ? ` in ${organization.name}` : ''}`} snippet={user ? '' : `curl -X POST ${location.origin}/api/${model.plural} \\\n  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(Object.fromEntries(fields))}'`}>
      {user ? 'Either there is none, or the rules show them none. Open a row as admin and ask why.' : 'Make one with “New row”, import a file, or send it from your app:'}
    </Empty>
  )
}

function Delete({ model, rows, remove, onClose, onDone }: { model: Model; rows: Row[]; remove: (rows: Row[]) => Promise<void>; onClose: () => void; onDone: () => void }) {
  const [busy, setBusy] = useState(false)
  const cascades = model.fields.filter((f) => f.kind === 'relation' && f.list).map((f) => f.relation?.target)
  const act = async (): Promise<void> => {
    setBusy(true)
    try {
      await remove(rows)
      toast(`${many(rows.length, 'row')} deleted`)
      onDone()
    } catch (err) {
      wrong(err)
      setBusy(false)
    }
  }
  return (
    <Dialog title={`Delete ${many(rows.length, 'row')}?`} onClose={onClose}>
      <p>They are gone for good{cascades.length > 0 ? `, and what the schema says goes with them: see onDelete of ${[...new Set(cascades)].join(', ')}` : ''}. {rows.length > 100 && 'Each hundred is one transaction.'}</p>
      <div className="across end"><Button onClick={onClose}>Keep them</Button><Button kind="danger" busy={busy} onClick={() => void act()}>Delete</Button></div>
    </Dialog>
  )
}
