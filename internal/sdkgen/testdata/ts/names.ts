// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import * as loam from '@loam/client'

export * from '@loam/client'

export const TaskPage = ['A', 'B'] as const
export type TaskPage = (typeof TaskPage)[number]

export interface StringFilter {
  eq?: string | null
}

export interface Session {
  id: string
  /** These fields have the names of parameters. */
  limit: number | null
  sort: string | null
  sum: number | null
  count: number | null
  version: string | null
  and: boolean | null
  createdAt: string
  updatedAt: string
}

export interface SessionCreate {
  id?: string
  /** These fields have the names of parameters. */
  limit?: number | null
  sort?: string | null
  sum?: number | null
  count?: number | null
  version?: string | null
  and?: boolean | null
}

export interface SessionUpdate {
  /** These fields have the names of parameters. */
  limit?: number | null
  sort?: string | null
  sum?: number | null
  count?: number | null
  version?: string | null
  and?: boolean | null
}

/** Rows that meet all of this. */
export interface SessionFilter {
  id?: string | TextFilter
  limit?: number | null | NumberFilter
  sort?: string | null | TextFilter
  sum?: number | null | NumberFilter
  count?: number | null | NumberFilter
  version?: string | null | TextFilter
  and?: boolean | null | ChoiceFilter<boolean>
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  or?: readonly SessionFilter[]
  not?: SessionFilter
}

export interface SessionModel {
  row: Session
  key: string
  create: SessionCreate
  update: SessionUpdate
  filter: SessionFilter
  plain: 'id' | 'limit' | 'sort' | 'sum' | 'count' | 'version' | 'and' | 'createdAt' | 'updatedAt'
  number: 'limit' | 'sum' | 'count'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Task {
  id: string
  /** The key of its Problem. */
  problemId: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TaskCreate {
  id?: string
  /** The key of its Problem. */
  problemId?: string | null
}

export interface TaskUpdate {
  /** The key of its Problem. */
  problemId?: string | null
}

/** Rows that meet all of this. */
export interface TaskFilter {
  id?: string | TextFilter
  problem?: ProblemFilter
  problemId?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly TaskFilter[]
  or?: readonly TaskFilter[]
  not?: TaskFilter
}

export interface TaskModel {
  row: Task
  key: string
  create: TaskCreate
  update: TaskUpdate
  filter: TaskFilter
  plain: 'id' | 'problemId' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    problem: { model: ProblemModel; kind: 'maybe' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Problem {
  id: string
  code: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface ProblemCreate {
  id?: string
  code: string
}

export interface ProblemUpdate {
  code?: string
}

/** Rows that meet all of this. */
export interface ProblemFilter {
  id?: string | TextFilter
  code?: string | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly ProblemFilter[]
  or?: readonly ProblemFilter[]
  not?: ProblemFilter
}

export interface ProblemModel {
  row: Problem
  key: string
  create: ProblemCreate
  update: ProblemUpdate
  filter: ProblemFilter
  plain: 'id' | 'code' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface AuthSession {
  id: string
  name: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface AuthSessionCreate {
  id?: string
  name: string
}

export interface AuthSessionUpdate {
  name?: string
}

/** Rows that meet all of this. */
export interface AuthSessionFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly AuthSessionFilter[]
  or?: readonly AuthSessionFilter[]
  not?: AuthSessionFilter
}

export interface AuthSessionModel {
  row: AuthSession
  key: string
  create: AuthSessionCreate
  update: AuthSessionUpdate
  filter: AuthSessionFilter
  plain: 'id' | 'name' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Member {
  id: string
  name: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface MemberCreate {
  id?: string
  name: string
}

export interface MemberUpdate {
  name?: string
}

/** Rows that meet all of this. */
export interface MemberFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly MemberFilter[]
  or?: readonly MemberFilter[]
  not?: MemberFilter
}

export interface MemberModel {
  row: Member
  key: string
  create: MemberCreate
  update: MemberUpdate
  filter: MemberFilter
  plain: 'id' | 'name' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface ApiKey {
  id: string
  name: string
  kind: TaskPage | null
  filter: StringFilter | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface ApiKeyCreate {
  id?: string
  name: string
  kind?: TaskPage | null
  filter?: StringFilter | null
}

export interface ApiKeyUpdate {
  name?: string
  kind?: TaskPage | null
  filter?: StringFilter | null
}

/** Rows that meet all of this. */
export interface ApiKeyFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  kind?: TaskPage | null | ChoiceFilter<TaskPage>
  filter?: ObjectFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly ApiKeyFilter[]
  or?: readonly ApiKeyFilter[]
  not?: ApiKeyFilter
}

export interface ApiKeyModel {
  row: ApiKey
  key: string
  create: ApiKeyCreate
  update: ApiKeyUpdate
  filter: ApiKeyFilter
  plain: 'id' | 'name' | 'kind' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface News {
  id: string
  title: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface NewsCreate {
  id?: string
  title: string
}

export interface NewsUpdate {
  title?: string
}

/** Rows that meet all of this. */
export interface NewsFilter {
  id?: string | TextFilter
  title?: string | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly NewsFilter[]
  or?: readonly NewsFilter[]
  not?: NewsFilter
}

export interface NewsModel {
  row: News
  key: string
  create: NewsCreate
  update: NewsUpdate
  filter: NewsFilter
  plain: 'id' | 'title' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface TextFilter {
  contains?: string
  notContains?: string
  beginsWith?: string
  size?: number | SizeFilter
  eq?: string | null
  ne?: string | null
  lt?: string
  le?: string
  gt?: string
  ge?: string
  between?: readonly [string, string]
  in?: readonly string[]
  notIn?: readonly string[]
  isNull?: boolean
}

export interface NumberFilter {
  eq?: number | null
  ne?: number | null
  lt?: number
  le?: number
  gt?: number
  ge?: number
  between?: readonly [number, number]
  in?: readonly number[]
  notIn?: readonly number[]
  isNull?: boolean
}

export interface ChoiceFilter<T> {
  eq?: T | null
  ne?: T | null
  in?: readonly T[]
  notIn?: readonly T[]
  isNull?: boolean
}

export interface ObjectFilter {
  isNull?: boolean
}

export interface SizeFilter {
  eq?: number | null
  ne?: number | null
  lt?: number
  le?: number
  gt?: number
  ge?: number
  between?: readonly [number, number]
  in?: readonly number[]
  notIn?: readonly number[]
}

/** What a member of an organization may be. */
export type OrganizationRole = 'owner' | 'admin' | 'member'

/** All that is known of the backend. */
export interface Schema {
  models: {
    sessions: SessionModel
    tasks: TaskModel
    problems: ProblemModel
    authSessions: AuthSessionModel
    members: MemberModel
    apiKeys: ApiKeyModel
    news: NewsModel
  }
  role: OrganizationRole
  user: {}
  signUp: {}
  profile: {}
  organization: {}
  organizationChange: {}
}

/** The type of a row as it is asked for: `RowOf<'tasks', { fields: ['title']; include: { project: true } }>`. */
export type RowOf<C extends keyof Schema['models'], A = {}> = loam.RowOf<Schema, C, A>

export type Client = loam.Client<Schema>

const keys = {
  sessions: ['id'],
  tasks: ['id'],
  problems: ['id'],
  authSessions: ['id'],
  members: ['id'],
  apiKeys: ['id'],
  news: ['id'],
} as const

const drafts: loam.Drafts<Schema> = {
  sessions: {
    row: ({ id, at }) => ({ id, limit: null, sort: null, sum: null, count: null, version: null, and: null, createdAt: at, updatedAt: at }),
    relations: {},
  },
  tasks: {
    row: ({ id, at }) => ({ id, problemId: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { problem: ['maybe', 'problemId'] },
  },
  problems: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
  authSessions: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
  members: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
  apiKeys: {
    row: ({ id, at }) => ({ id, kind: null, filter: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
  news: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
}

/** Makes a client of this backend. */
export const createClient = (options?: loam.ClientOptions): Client => loam.createClient<Schema>(keys, options, drafts)
