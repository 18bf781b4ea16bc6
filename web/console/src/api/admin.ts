// What the doors for users, organizations and the server's own affairs answer.

import { queryOptions } from '@tanstack/react-query'
import type { AdminUser } from './console'
import { get, type Page } from './request'

/** Account is a user with what else is known of them. */
export interface Account extends AdminUser {
  organizations: { id: string; name: string; slug: string; role: string }[]
  identities: string[]
  sessions: number
  lastSignInAt: string | null
}

export interface Session {
  id: string
  current: boolean // the one that asks
  createdAt: string
  lastUsedAt: string
  address: string
  agent: string
  method: string
  client?: string
}

export const limitNames = ['members', 'teams', 'invitations', 'domains', 'rows', 'storage', 'requestsPerMinute'] as const
export type Limits = Record<(typeof limitNames)[number], number> // 0: none

/** OrganizationRecord is an organization as an admin of the server sees it. */
export interface OrganizationRecord {
  id: string
  name: string
  slug: string
  members: number
  suspendedAt: string | null
  suspendedFor: string
  limits: Limits
  usage: { rows: number; storage: number }
  createdAt: string
}

export interface Member {
  userId: string
  name: string
  email: string
  role: string
  createdAt: string
}

export interface Team {
  id: string
  slug: string
  name: string
  members: number
  createdAt: string
}

export interface Invitation {
  id: string
  email: string
  role: string
  invitedBy: string
  createdAt: string
  expiresAt: string
  expired: boolean
}

export interface ApiKey {
  id: string
  name: string
  readOnly: boolean
  createdBy: string
  createdAt: string
  lastUsedAt: string | null
  key?: string // once, in the answer that made it
}

export interface AuditRecord {
  id: string
  seq?: number
  at: string
  action: string
  outcome: string
  organization?: string
  actor: string
  impersonator?: string
  target?: string
  address?: string
  agent?: string
  requestId?: string
  details: Record<string, unknown> | null
}

export interface Mail {
  id: string
  at: string
  from: string
  to: string
  template: string
  locale: string
  subject: string
  code?: string
  link?: string
}

export interface Job {
  id: string
  kind: string
  attempts: number
  error: string
  createdAt: string
  dueAt: string | null
  deadAt: string | null
}

export interface Connection {
  id: string
  subject: string
  organization: string
  address: string
  protocol: string
  since: string
  subscriptions: number
  name: string // the user's address; "": nobody, or gone
  node: string // the name of the server that has it
}

/** ServerNode is one of the servers of the database. */
export interface ServerNode {
  id: string
  name: string
  connections: number | null
  silent: boolean // it did not answer: its connections are missing
}

export interface Setting {
  path: string
  value: unknown
  default: boolean
  secret: boolean
  set: boolean
  description: string
}

export interface Settings {
  version: string
  go: string
  engine: 'sqlite' | 'postgres'
  node: string
  startedAt: string
  uptime: number
  dev: boolean
  url: string
  data: string // the data directory
  database: string // where rows are
  settings: Setting[]
}

export const settingsQuery = queryOptions({ queryKey: ['settings'], queryFn: ({ signal }) => get<Settings>('/console/api/settings', signal), staleTime: 60_000 })

/** peopleQuery is the newest users, to name who did something. */
export const peopleQuery = queryOptions({ queryKey: ['people'], queryFn: ({ signal }) => get<Page<AdminUser>>('/auth/admin/users?limit=1000', signal), staleTime: 60_000 })

export const userPath = (id: string): string => `/auth/admin/users/${encodeURIComponent(id)}`
export const organizationPath = (id: string): string => `/auth/admin/organizations/${encodeURIComponent(id)}`
