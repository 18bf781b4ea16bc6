import { useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiKey, OrganizationRecord } from '../../api/admin'
import { get, json, params, type Page as Items } from '../../api/request'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { Page } from '../../ui/page'
import { Badge, CopyButton, Empty, Note, Skeleton, Snippet, Trouble, When } from '../../ui/show'
import { toast } from '../../ui/toast'
import { Who } from '../../ui/who'
import './organizations.css'

/** KeysPage has the API keys of a server without tenancy. */
export function KeysPage() {
  return <Page title="API keys" lead="For programs, which have no session."><Keys org={null} /></Page>
}

/** Keys are the API keys of an organization; null: of the server, where tenancy is off. */
export function Keys({ org }: { org: OrganizationRecord | null }) {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({ queryKey: ['keys', org?.id], queryFn: ({ signal }) => get<Items<ApiKey>>('/auth/admin/keys' + params({ org: org?.id }), signal) })
  const [dialog, setDialog] = useState<'new' | ApiKey | null>(null)
  const [made, setMade] = useState<ApiKey | null>(null)
  const make = async (form: FormData): Promise<void> => {
    setMade(await json<ApiKey>('POST', '/auth/admin/keys', { body: { name: form.get('name'), readOnly: form.get('readOnly') === 'on', ...(org ? { org: org.id } : {}) } }))
    await queries.invalidateQueries({ queryKey: ['keys'] })
  }
  const revoke = (key: ApiKey) => async (): Promise<void> => {
    await json('DELETE', `/auth/admin/keys/${encodeURIComponent(key.id)}` + params({ org: org?.id }))
    toast(`${key.name} opens nothing any more`)
    await queries.invalidateQueries({ queryKey: ['keys'] })
  }
  return (
    <>
      <div className="across"><span className="grow quiet">A key acts as the rules with <code>allow: apiKey</code> let it.</span><Button icon={<Plus size={14} />} onClick={() => setDialog('new')}>New key</Button></div>
      <div className="card">
        {error ? <div className="body"><Trouble error={error} retry={() => void refetch()} /></div> : !data ? <div className="body"><Skeleton lines={4} /></div> : data.items.length === 0 ? (
          <Empty icon={KeyRound} title="No API keys" snippet={`loam keys api ci${org ? ` --org ${org.slug}` : ''}`}>Programs that call your API without a user show a key. Make one here or by the command.</Empty>
        ) : (
          <div className="scroll" tabIndex={0} role="region" aria-label="API keys">
            <table className="list folds">
              <thead><tr><th scope="col">Name</th><th scope="col">Id</th><th scope="col">Made by</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col"><span className="unseen">Revoke</span></th></tr></thead>
              <tbody>
                {data.items.map((k) => (
                  <tr key={k.id}>
                    <td><span className="main">{k.name}{k.readOnly && <Badge tone="info">read only</Badge>}</span></td>
                    <td data-label="Id" className="mono">{k.id}</td>
                    <td data-label="Made by"><Who subject={k.createdBy ? `user:${k.createdBy}` : 'system:cli'} /></td>
                    <td data-label="Made"><When at={k.createdAt} /></td>
                    <td data-label="Last used"><When at={k.lastUsedAt} /></td>
                    <td className="acts"><Button tiny onClick={() => setDialog(k)}>Revoke</Button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      {dialog === 'new' && (
        <FormDialog title="New API key" action="Make it" act={make} onClose={() => setDialog(null)}>
          <Labelled label="Name" name="name" required placeholder="ci" hint="By which it is found again, here and in the audit trail." />
          <label className="check"><input type="checkbox" name="readOnly" /> It may only read</label>
        </FormDialog>
      )}
      {dialog !== null && dialog !== 'new' && <FormDialog title={`Revoke ${dialog.name}`} action="Revoke" danger act={revoke(dialog)} onClose={() => setDialog(null)}><p>Programs that show it are refused at once. {dialog.lastUsedAt ? <>It was last used <When at={dialog.lastUsedAt} />.</> : 'It was never used.'}</p></FormDialog>}
      {made?.key && (
        <Dialog title={`The key ${made.name}`} onClose={() => setMade(null)}>
          <Note warn>This is the only time that it is shown. Keep it where your program reads its secrets.</Note>
          <div className="secret"><span>{made.key}</span><CopyButton text={made.key} label="Copy the key" /></div>
          <Snippet>{`curl ${location.origin}/api/… -H "X-Api-Key: ${'$'}KEY"`}</Snippet>
          <div className="across end"><Button kind="primary" onClick={() => setMade(null)}>I have it</Button></div>
        </Dialog>
      )}
    </>
  )
}
