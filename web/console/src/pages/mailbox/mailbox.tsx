import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { ArrowLeft, Copy, ExternalLink, MailOpen, Mails, Trash2 } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { Mail } from '../../api/admin'
import { get, json, params, Problem } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { Page } from '../../ui/page'
import { SearchField } from '../../ui/search-field'
import { copy, Empty, Note, Skeleton, Trouble, When } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { toast, wrong } from '../../ui/toast'
import './mailbox.css'

const route = getRouteApi('/app/mailbox')

interface Box {
  items: Mail[]
  smtp?: string // where messages go instead
}

/** MailboxPage has what the server would have mailed: in development nothing leaves the machine. */
export function MailboxPage() {
  const { message, to = '' } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [emptying, setEmptying] = useState(false)
  const box = useQuery({ queryKey: ['mailbox', to], queryFn: ({ signal }) => get<Box>('/_mail/messages' + params({ to }), signal), refetchInterval: 3000, placeholderData: (old) => old })
  const find = useCallback((text: string) => void navigate({ to: '/mailbox', search: { to: text }, replace: true }), [navigate])
  const empty = async (): Promise<void> => {
    await json('DELETE', '/_mail/messages')
    await queries.invalidateQueries({ queryKey: ['mailbox'] })
    await navigate({ to: '/mailbox', search: {} })
  }
  const items = box.data?.items ?? []
  return (
    <Page fills title="Mailbox" lead="What would have been mailed. In development nothing leaves this machine." actions={items.length > 0 && <Button icon={<Trash2 size={14} />} onClick={() => setEmptying(true)}>Empty it</Button>}>
      {box.error ? <div className="page"><Trouble error={box.error} retry={() => void box.refetch()} /></div> : !box.data ? <div className="page"><Skeleton lines={6} /></div> : items.length === 0 && !to ? (
        <div>
          {box.data.smtp && <div className="page"><Note>Mail goes to {box.data.smtp}, as loam.yaml says, and not here.</Note></div>}
          <Empty icon={Mails} title="No mail yet" snippet={`curl ${location.origin}/auth/password/forgot \\\n  -H 'Content-Type: application/json' \\\n  -d '{"email": "you@example.com"}'`}>Confirmations, codes, links and invitations appear here the moment they would be sent.</Empty>
        </div>
      ) : (
        <div className={message ? 'mail reading' : 'mail'}>
          <div className="letters">
            <SearchField label="To which address" value={to} onChange={find} />
            {items.length === 0 && <Empty icon={Mails} title="Nothing to that address"><Button kind="link" onClick={() => find('')}>Show all</Button></Empty>}
            <ul aria-label="Messages">
              {items.map((m) => (
                <li key={m.id}>
                  <button type="button" className="letter" aria-current={m.id === message || undefined} onClick={() => void navigate({ to: '/mailbox', search: { to, message: m.id } })}>
                    <span className="line"><b className="clip">{m.to}</b><span className="small quiet"><When at={m.at} /></span></span>
                    <span className="clip quiet">{m.subject}</span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
          {message ? <Message key={message} id={message} onClose={() => void navigate({ to: '/mailbox', search: { to } })} /> : <div className="blank"><Empty icon={MailOpen} title="Choose a message">Its link and its code are one click away.</Empty></div>}
        </div>
      )}
      {emptying && <FormDialog title="Empty the mailbox" action="Delete all messages" danger act={empty} onClose={() => setEmptying(false)}><p>Links and codes in them stay good as long as they say; only the messages are gone.</p></FormDialog>}
    </Page>
  )
}

function Message({ id, onClose }: { id: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [tab, setTab] = useState<'html' | 'text'>('html')
  const { data: m, error, refetch } = useQuery({ queryKey: ['message', id], queryFn: ({ signal }) => get<Mail & { text: string; html: string }>(`/_mail/messages/${encodeURIComponent(id)}`, signal), staleTime: Infinity })
  const remove = async (): Promise<void> => {
    try {
      await json('DELETE', `/_mail/messages/${encodeURIComponent(id)}`)
      toast('The message is deleted')
      onClose()
    } catch (err) {
      wrong(err)
    }
    await queries.invalidateQueries({ queryKey: ['mailbox'] })
  }
  const back = <Button kind="ghost" tiny className="back" icon={<ArrowLeft size={14} />} onClick={onClose}>All messages</Button>
  if (error) return <div className="message">{back}<div className="page">{error instanceof Problem && error.status === 404 ? <Empty icon={MailOpen} title="The message is not there any more" /> : <Trouble error={error} retry={() => void refetch()} />}</div></div>
  if (!m) return <div className="message">{back}<div className="page"><Skeleton lines={6} /></div></div>
  return (
    <article className="message" aria-label={m.subject}>
      {back}
      <header>
        <h2>{m.subject}</h2>
        <div className="quiet">To <b>{m.to}</b> from {m.from}, <When at={m.at} />{m.template && <> · {m.template}</>}</div>
        <div className="across">
          {m.code && <Button kind="primary" icon={<Copy size={14} />} onClick={() => copy(m.code!, 'The code is copied')}>Copy the code {m.code}</Button>}
          {m.link && <Button {...(m.code ? {} : { kind: 'primary' })} icon={<Copy size={14} />} onClick={() => copy(m.link!, 'The link is copied')}>Copy the link</Button>}
          {m.link && <a className="button" href={m.link} target="_blank" rel="noreferrer"><ExternalLink size={14} aria-hidden />Open the link</a>}
          <span className="grow" />
          <Tabs segmented label="How it is shown" tabs={[{ value: 'html', label: 'HTML' }, { value: 'text', label: 'Text' }]} value={tab} onChange={setTab} />
          <Button kind="ghost" aria-label="Delete the message" icon={<Trash2 size={14} />} onClick={() => void remove()} />
        </div>
      </header>
      {tab === 'html' ? <iframe title="The message" src={`/_mail/messages/${encodeURIComponent(id)}/html`} sandbox="allow-popups allow-popups-to-escape-sandbox" /> : <pre tabIndex={0} aria-label="The message as text">{m.text}</pre>}
    </article>
  )
}
