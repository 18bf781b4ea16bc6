import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { limitNames, organizationPath, settingsQuery, type OrganizationRecord } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { Note, Skeleton, Trouble } from '../../ui/show'
import { toast } from '../../ui/toast'
import { number, size } from '../../ui/words'
import { useAnew } from './acts'

const labels: Record<(typeof limitNames)[number], string> = {
  members: 'Members',
  teams: 'Teams',
  invitations: 'Open invitations',
  domains: 'Domains',
  rows: 'Rows',
  storage: 'Storage, in bytes',
  requestsPerMinute: 'Requests per minute',
}

/** LimitsForm sets limits of one organization, in place of those that loam.yaml has for all. */
export function LimitsForm({ org }: { org: OrganizationRecord }) {
  const settings = useQuery(settingsQuery)
  const anew = useAnew()
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<unknown>(null)
  if (settings.isPending) return <div className="card"><div className="body"><Skeleton lines={6} /></div></div>
  const general = (name: string): number | undefined => {
    const value = settings.data?.settings.find((s) => s.path === `limits.organization.${name}`)?.value
    return typeof value === 'number' ? value : undefined
  }
  const submit = async (e: FormEvent<HTMLFormElement>): Promise<void> => {
    e.preventDefault()
    const form = new FormData(e.currentTarget)
    setBusy(true)
    setTrouble(null)
    try {
      const body = Object.fromEntries(limitNames.flatMap((name) => (form.get(name) === '' ? [] : [[name, Number(form.get(name))]])))
      await json('PUT', `${organizationPath(org.id)}/limits`, { body })
      toast('The limits hold from now on')
      await anew()
    } catch (err) {
      setTrouble(err)
    }
    setBusy(false)
  }
  return (
    <form className="card" onSubmit={(e) => void submit(e)}>
      <div className="body form">
        <Note>An empty field is as loam.yaml says for all organizations; 0 is no limit. What an organization has above a new limit stays.</Note>
        <div className="limits">
          {limitNames.map((name) => {
            const all = general(name)
            return (
              <div key={name} className="field">
                <label htmlFor={`limit-${name}`}>{labels[name]}</label>
                <input id={`limit-${name}`} name={name} className="input number" inputMode="numeric" pattern="[0-9]*" autoComplete="off" placeholder={all === undefined ? 'as for all' : all === 0 ? 'no limit' : number(all)} defaultValue={all === undefined || org.limits[name] !== all ? org.limits[name] : ''} />
                <span className="hint">In force: {org.limits[name] === 0 ? 'no limit' : name === 'storage' ? size(org.limits[name]) : number(org.limits[name])}</span>
              </div>
            )
          })}
        </div>
        {trouble !== null && <Trouble error={trouble} />}
        <div className="across end"><Button kind="primary" type="submit" busy={busy}>Save the limits</Button></div>
      </div>
    </form>
  )
}
