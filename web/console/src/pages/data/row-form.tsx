import { useState, type FormEvent } from 'react'
import type { Model } from '../../api/console'
import { Problem } from '../../api/request'
import { Button } from '../../ui/button'
import { Trouble } from '../../ui/show'
import { Editor } from './editor'
import { read, shown, written, type Column, type Row } from './fields'

interface Props {
  model: Model
  columns: Column[]
  row?: Row // that is changed; none: a new one
  begin?: Row // what a new one begins as
  whyNot: string | undefined
  onSave: (values: Row) => Promise<unknown>
}

/** RowForm is a row's fields, each with the editor of its type. It sends what was changed. */
export function RowForm({ model, columns, row, begin, whyNot, onSave }: Props) {
  const fields = columns.filter((c) => (row ? !c.key : !c.field.readOnly))
  const [texts, setTexts] = useState<Record<string, string>>(() => Object.fromEntries((begin ? fields.filter((c) => !c.key && !c.field.unique) : []).map((c) => [c.name, written(begin?.[c.name])])))
  const [wrong, setWrong] = useState<Record<string, string>>({})
  const [trouble, setTrouble] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const now = (c: Column): string => texts[c.name] ?? (row ? written(row[c.name]) : '')
  const changed = fields.filter((c) => c.name in texts && texts[c.name] !== (row ? written(row[c.name]) : ''))
  const submit = async (e: FormEvent): Promise<void> => {
    e.preventDefault()
    const values: Row = {}
    const mistakes: Record<string, string> = {}
    for (const c of changed) {
      try {
        values[c.name] = read(c, texts[c.name]!)
      } catch (err) {
        mistakes[c.name] = err instanceof Error ? err.message : String(err)
      }
    }
    setWrong(mistakes)
    setTrouble(null)
    if (Object.keys(mistakes).length > 0) return
    setBusy(true)
    try {
      await onSave(values)
      setTexts({})
    } catch (err) {
      if (err instanceof Problem && fields.some((c) => c.name === err.field)) setWrong({ [err.field]: err.message })
      else setTrouble(err)
    }
    setBusy(false)
  }
  return (
    <form className="form rowform" onSubmit={(e) => void submit(e)}>
      {fields.map((c) => {
        const id = `field-${c.name}`
        const fixed = row && (!c.editable || whyNot !== undefined || row[c.name] === undefined)
        return (
          <div key={c.name} className="field">
            <label htmlFor={fixed ? undefined : id} id={`${id}-label`}>{c.title} <span className="quiet small">{c.to?.model.name ?? c.field.type}{c.kind === 'datetime' && ' · UTC'}</span></label>
            {fixed ? <div className="fixed mono clip" aria-labelledby={`${id}-label`} role="group">{row[c.name] === undefined ? 'hidden by the rules' : shown(c, row[c.name]) || 'null'}</div> : (
              <Editor id={id} column={c} text={now(c)} wrong={wrong[c.name]} onText={(text) => setTexts((old) => ({ ...old, [c.name]: text }))} />
            )}
            {c.field.doc && <p className="hint">{c.field.doc}</p>}
            {wrong[c.name] && <p className="wrong" id={`${id}-wrong`}>{wrong[c.name]}</p>}
          </div>
        )
      })}
      {trouble !== null && <Trouble error={trouble} />}
      <div className="savebar">
        <span className="grow quiet small">{whyNot ?? (row ? (changed.length > 0 ? `${changed.length} changed` : '') : `What is left out is null, or the default`)}</span>
        {changed.length > 0 && row && <Button onClick={() => (setTexts({}), setWrong({}))}>Undo</Button>}
        <Button type="submit" kind="primary" busy={busy} disabled={whyNot !== undefined || (row !== undefined && changed.length === 0)}>{row ? 'Save' : `Create ${model.name}`}</Button>
      </div>
    </form>
  )
}
