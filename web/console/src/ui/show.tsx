// What pages show often: badges, empty states, errors, skeletons, times.

import { CircleAlert, Copy, Info, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Problem } from '../api/request'
import { Button } from './button'
import { toast } from './toast'
import { when, whole } from './words'

export type Tone = 'plain' | 'good' | 'bad' | 'warn' | 'info' | 'violet'

export function Badge({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return <span className={`badge ${tone}`} title={title}>{children}</span>
}

/** Avatar has the first letters of a name. */
export function Avatar({ name }: { name: string }) {
  const parts = name.split(/[\s@.]+/).filter(Boolean)
  return <span className="avatar" aria-hidden>{((parts[0]?.[0] ?? '?') + (parts[1]?.[0] ?? '')).toUpperCase()}</span>
}

/** When shows a moment as how long ago it was, and in full to who points at it. */
export function When({ at }: { at: string | null | undefined }) {
  if (!at) return <span className="quiet">never</span>
  return <time dateTime={at} title={whole(at)}>{when(at)}</time>
}

export function copy(text: string, what = 'Copied'): void {
  navigator.clipboard.writeText(text).then(() => toast(what), () => toast('The browser did not let it be copied', 'wrong'))
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  return <Button kind="ghost" tiny aria-label={label} icon={<Copy size={13} />} onClick={() => copy(text)} />
}

/** Snippet is text to paste elsewhere: a command, or lines of schema. */
export function Snippet({ children }: { children: string }) {
  return <div className="snippet"><pre tabIndex={0} role="group" aria-label="To copy">{children}</pre><CopyButton text={children} label="Copy these lines" /></div>
}

/** Empty stands where there is nothing yet, and says how there comes to be something. */
export function Empty({ icon: Icon, title, children, snippet }: { icon: LucideIcon; title: string; children?: ReactNode; snippet?: string }) {
  return (
    <div className="empty">
      <Icon size={26} strokeWidth={1.5} aria-hidden />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {snippet && <Snippet>{snippet}</Snippet>}
    </div>
  )
}

/** Trouble is an error: what happened, its code, and what to do. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof Problem ? error : null
  return (
    <div className="trouble" role="alert">
      <div>{error instanceof Error ? error.message : String(error)}</div>
      {problem && problem.status > 0 && <code className="code">{problem.status} {problem.code}{problem.requestId && ` · request ${problem.requestId}`}</code>}
      {problem?.status === 401 && <a className="button tiny" href={'/account/sign-in?' + new URLSearchParams({ return_to: location.pathname + location.search }).toString()}>Sign in</a>}
      {retry && problem?.status !== 401 && <Button tiny onClick={retry}>Try again</Button>}
    </div>
  )
}

export function Note({ children, warn = false }: { children: ReactNode; warn?: boolean }) {
  const Icon = warn ? CircleAlert : Info
  return <div className={warn ? 'note warn' : 'note'}><Icon size={15} aria-hidden /><div>{children}</div></div>
}

/** Skeleton stands for lines that are on their way. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const widths = ['72%', '54%', '83%', '40%', '66%']
  return (
    <div role="status" aria-label="Loading" className="form">
      {Array.from({ length: lines }, (_, i) => <span key={i} className="skeleton" style={{ width: widths[i % widths.length] }} />)}
    </div>
  )
}
