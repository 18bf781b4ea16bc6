import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Database, X } from 'lucide-react'
import { meQuery, type Model, type Schema } from '../../api/console'
import { Button } from '../../ui/button'
import { Badge } from '../../ui/show'

/** About is all that the schema says of one model. */
export function About({ schema, model, onClose, onModel }: { schema: Schema; model: Model; onClose: () => void; onModel: (name: string) => void }) {
  const tenancy = useQuery(meQuery).data?.tenancy !== false
  const own = model.fields.filter((f) => !f.implicit || model.builtIn)
  const referring = schema.edges.filter((e) => e.to === model.name && e.from !== model.name && e.inverse === null)
  return (
    <aside className="about" aria-label={model.name}>
      <header>
        <h2 className="grow clip">{model.name}</h2>
        {model.operations.list && <Link className="button tiny" to="/data/$plural" params={{ plural: model.plural }} search={{}}><Database size={13} aria-hidden /> Rows</Link>}
        <Button kind="ghost" tiny aria-label="Close" icon={<X size={15} />} onClick={onClose} />
      </header>
      <div className="inside" tabIndex={0} role="region" aria-label={`About ${model.name}`}>
        {model.doc && <p>{model.doc}</p>}
        <div className="across">
          {tenancy && <Badge tone={model.scope === 'global' ? 'info' : 'plain'}>{model.scope === 'global' ? 'global: of all organizations' : 'per organization'}</Badge>}
          {model.builtIn && <Badge>built in</Badge>}
          {model.search && <Badge tone="good">search</Badge>}
          <code className="small">{model.path}</code>
        </div>
        <h3>Fields</h3>
        <ul className="fieldlist">
          {own.map((f) => (
            <li key={f.name}>
              <div className="across"><span className="strong">{f.name}</span>{f.relation ? <button type="button" className="button link" onClick={() => onModel(f.relation!.target)}>{f.type}</button> : <span className="mono quiet">{f.type}</span>}{f.unique && <Badge>unique</Badge>}{f.deprecated && <Badge tone="warn">deprecated</Badge>}</div>
              {f.enum && <div className="small quiet">{f.enum.join(', ')}</div>}
              {f.doc && <div className="small quiet">{f.doc}</div>}
              {(f.directives ?? []).filter((d) => d !== '@unique').map((d) => <code key={d} className="small">{d}</code>)}
            </li>
          ))}
        </ul>
        {referring.length > 0 && <><h3>Referred to by</h3><ul>{referring.map((e) => <li key={e.from + e.field}><button type="button" className="button link" onClick={() => onModel(e.from)}>{e.from}.{e.field}</button></li>)}</ul></>}
        <h3>Rules</h3>
        {model.rules.length === 0 ? <p className="quiet">None: nobody may.</p> : <ul className="wordlist">{model.rules.map((r, i) => <li key={i}><span className="says">{r.words}</span></li>)}</ul>}
        {model.indexes.length > 0 && <><h3>Indexes</h3><ul className="wordlist">{model.indexes.map((x) => <li key={x.name}><span>{x.fields.join(', ')}</span><span className="small quiet">{x.unique ? 'unique' : (x.queryField ?? x.name)}</span></li>)}</ul></>}
      </div>
    </aside>
  )
}
