// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import * as loam from '@loam/client'

export * from '@loam/client'

export const TaskStatus = ['TODO', 'DOING', 'DONE'] as const
export type TaskStatus = (typeof TaskStatus)[number]

export interface Project {
  id: string
  name: string
  archived: boolean
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface ProjectCreate {
  id?: string
  name: string
  /** Default: `false`. */
  archived?: boolean
}

export interface ProjectUpdate {
  name?: string
  archived?: boolean
}

/** Rows that meet all of this. */
export interface ProjectFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  archived?: boolean | ChoiceFilter<boolean>
  tasks?: TaskFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly ProjectFilter[]
  or?: readonly ProjectFilter[]
  not?: ProjectFilter
}

export interface ProjectModel {
  row: Project
  key: string
  create: ProjectCreate
  update: ProjectUpdate
  filter: ProjectFilter
  plain: 'id' | 'name' | 'archived' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    tasks: { model: TaskModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Task {
  id: string
  title: string
  body: string | null
  status: TaskStatus
  /** The key of its User. */
  assigneeId: string | null
  /** The key of its Project. */
  projectId: string
  owner: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TaskCreate {
  id?: string
  title: string
  body?: string | null
  /** Default: `TODO`. */
  status?: TaskStatus
  /** The key of its User. */
  assigneeId?: string | null
  /** The key of its Project. */
  projectId: string
}

export interface TaskUpdate {
  title?: string
  body?: string | null
  status?: TaskStatus
  /** The key of its User. */
  assigneeId?: string | null
  /** The key of its Project. */
  projectId?: string
}

/** Rows that meet all of this. */
export interface TaskFilter {
  id?: string | TextFilter
  title?: string | TextFilter
  body?: string | null | TextFilter
  status?: TaskStatus | ChoiceFilter<TaskStatus>
  project?: ProjectFilter
  assigneeId?: string | null | TextFilter
  assignee?: UserFilter
  tags?: TaskTagsFilter
  projectId?: string | TextFilter
  owner?: string | null | TextFilter
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
  plain: 'id' | 'title' | 'body' | 'status' | 'assigneeId' | 'projectId' | 'owner' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    project: { model: ProjectModel; kind: 'one' }
    assignee: { model: UserModel; kind: 'maybe' }
    tags: { model: TaskTagsModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'search' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Tag {
  id: string
  label: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TagCreate {
  id?: string
  label: string
}

export interface TagUpdate {
  label?: string
}

/** Rows that meet all of this. */
export interface TagFilter {
  id?: string | TextFilter
  label?: string | TextFilter
  tasks?: TaskTagsFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly TagFilter[]
  or?: readonly TagFilter[]
  not?: TagFilter
}

export interface TagModel {
  row: Tag
  key: string
  create: TagCreate
  update: TagUpdate
  filter: TagFilter
  plain: 'id' | 'label' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    tasks: { model: TaskTagsModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

/** A user who is a member of the active organization. */
export interface User {
  id: string
  name: string | null
  email: string | null
  role: string | null
  createdAt: string
}

/** Rows that meet all of this. */
export interface UserFilter {
  id?: string | TextFilter
  name?: string | null | TextFilter
  email?: string | null | TextFilter
  role?: string | null | TextFilter
  createdAt?: string | TextFilter
  and?: readonly UserFilter[]
  or?: readonly UserFilter[]
  not?: UserFilter
}

export interface UserModel {
  row: User
  key: string
  create: never
  update: never
  filter: UserFilter
  plain: 'id' | 'name' | 'email' | 'role' | 'createdAt'
  number: never
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'get'
}

/** Joins Task and Tag. */
export interface TaskTags {
  id: string
  /** The key of its Task. */
  taskId: string
  /** The key of its Tag. */
  tagId: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TaskTagsCreate {
  id?: string
  /** The key of its Task. */
  taskId: string
  /** The key of its Tag. */
  tagId: string
}

/** Rows that meet all of this. */
export interface TaskTagsFilter {
  id?: string | TextFilter
  taskId?: string | TextFilter
  task?: TaskFilter
  tagId?: string | TextFilter
  tag?: TagFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly TaskTagsFilter[]
  or?: readonly TaskTagsFilter[]
  not?: TaskTagsFilter
}

export interface TaskTagsModel {
  row: TaskTags
  key: string
  create: TaskTagsCreate
  update: never
  filter: TaskTagsFilter
  plain: 'id' | 'taskId' | 'tagId' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    task: { model: TaskModel; kind: 'one' }
    tag: { model: TagModel; kind: 'one' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create'
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
    projects: ProjectModel
    tasks: TaskModel
    tags: TagModel
    users: UserModel
    taskTags: TaskTagsModel
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
  projects: ['id'],
  tasks: ['id'],
  tags: ['id'],
  users: ['id'],
  taskTags: ['id'],
} as const

const drafts: loam.Drafts<Schema> = {
  projects: {
    row: ({ id, at }) => ({ id, archived: false, createdAt: at, updatedAt: at, version: 1 }),
    relations: { tasks: ['many'] },
  },
  tasks: {
    row: ({ id, by, at }) => ({ id, body: null, status: 'TODO', assigneeId: null, owner: by, createdAt: at, updatedAt: at, version: 1 }),
    relations: { project: ['one', 'projectId'], assignee: ['maybe', 'assigneeId'], tags: ['many'] },
  },
  tags: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: { tasks: ['many'] },
  },
  taskTags: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: { task: ['one', 'taskId'], tag: ['one', 'tagId'] },
  },
}

/** Makes a client of this backend. */
export const createClient = (options?: loam.ClientOptions): Client => loam.createClient<Schema>(keys, options, drafts)
