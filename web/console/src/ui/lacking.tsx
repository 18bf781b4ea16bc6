import { CircleSlash } from 'lucide-react'
import type { ReactNode } from 'react'
import { Problem } from '../api/request'
import { Empty } from './show'

/** lacks tells whether a request failed because the server has no such door: an admin is hidden none. */
export const lacks = (error: unknown): boolean => error instanceof Problem && error.code === 'http/not_found'

/** Lacking stands where this server does not answer what a page is of, and says where else it is to be had. */
export function Lacking({ title, snippet, children }: { title: string; snippet?: string; children: ReactNode }) {
  return <div className="card"><Empty icon={CircleSlash} title={title} {...(snippet ? { snippet } : {})}>{children}</Empty></div>
}
