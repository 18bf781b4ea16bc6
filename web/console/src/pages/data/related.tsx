import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight } from 'lucide-react'
import { as, key, useActing } from '../../api/acting'
import type { Field, Model, Schema } from '../../api/console'
import { json, params } from '../../api/request'
import { Skeleton, Trouble } from '../../ui/show'
import { keyOf, labelOf, modelNamed, pathOf, toMany, type Row } from './fields'
import { print } from './filter'

const most = 8 // rows of each relation

/** Related are the rows that belong to a row, a few of each relation. */
export function Related({ schema, model, row }: { schema: Schema; model: Model; row: Row }) {
  const acting = useActing()
  const relations = toMany(model)
  const id = keyOf(model, row)
  const limits = Object.fromEntries(relations.map((f) => [`include.${f.name}.limit`, most + 1]))
  const far = relations.flatMap((f) => { const to = farSide(schema, model, f); return to ? [`${f.name}.${to.field}`] : [] })
  const found = useQuery({
    queryKey: ['related', model.name, id, key(acting)],
    queryFn: ({ signal }) => json<Row>('GET', pathOf(model, id) + params({ include: [...relations.map((f) => f.name), ...far].join(','), ...limits }), { ...as(acting), signal }),
  })
  if (found.error) return <Trouble error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <Skeleton lines={5} />
  return <div className="form">{relations.map((f) => <Relation key={f.name} schema={schema} model={model} field={f} id={id} rows={(found.data[f.name] as Row[] | undefined) ?? []} />)}</div>
}

// farSide is where a relation through a joining model leads, and by which of its fields.
function farSide(schema: Schema, model: Model, field: Field): { field: string; model: Model } | undefined {
  const target = modelNamed(schema, field.relation?.target ?? '')
  if (!target?.join) return undefined
  const over = target.fields.find((f) => f.kind === 'relation' && f.relation?.target !== model.name)
  const far = over && modelNamed(schema, over.relation!.target)
  return over && far ? { field: over.name, model: far } : undefined
}

function Relation({ schema, model, field, id, rows }: { schema: Schema; model: Model; field: Field; id: string; rows: Row[] }) {
  const target = modelNamed(schema, field.relation?.target ?? '')
  const far = farSide(schema, model, field)
  if (!target) return null
  const back = [field.relation?.to ?? ''].flat()[0]
  const shown = rows.slice(0, most).map((r) => (far ? { model: far.model, row: (r[far.field] as Row | null) ?? r } : { model: target, row: r }))
  return (
    <section className="relation">
      <header>
        <h3>{field.name}</h3><span className="small quiet">{far?.model.name ?? target.name}</span>
        {back && !far && shown.length > 0 && target.operations.list && <Link className="small" to="/data/$plural" params={{ plural: target.plural }} search={{ filter: print([{ field: back, operator: 'eq', value: id }]) ?? '' }}>All as a table <ArrowRight size={12} aria-hidden /></Link>}
      </header>
      {shown.length === 0 ? <p className="quiet small">None</p> : (
        <ul>
          {shown.map(({ model: m, row }) => (
            <li key={keyOf(m, row)}><Link to="/data/$plural" params={{ plural: m.plural }} search={{ row: keyOf(m, row) }} className="clip">{labelOf(m, row)}</Link><span className="small quiet mono clip">{keyOf(m, row)}</span></li>
          ))}
          {rows.length > most && <li className="quiet small">and more</li>}
        </ul>
      )}
    </section>
  )
}
