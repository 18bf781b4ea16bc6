// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import * as loam from '@loam/client'

export * from '@loam/client'

export const TaskStatus = ['TODO', 'DOING', 'DONE'] as const
export type TaskStatus = (typeof TaskStatus)[number]

export const Priority = ['LOW', 'NORMAL', 'HIGH'] as const
export type Priority = (typeof Priority)[number]

export const Confidence = ['GUESS', 'FAIR', 'SURE'] as const
export type Confidence = (typeof Confidence)[number]

export interface Estimate {
  hours: number
  confidence: Confidence
}

export interface Project {
  id: string
  name: string
  code: string
  summary: string | null
  archived: boolean
  startsOn: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface ProjectCreate {
  id?: string
  name: string
  code: string
  summary?: string | null
  /** Default: `false`. */
  archived?: boolean
  startsOn?: string | null
}

export interface ProjectUpdate {
  name?: string
  code?: string
  summary?: string | null
  archived?: boolean
  startsOn?: string | null
}

/** Rows that meet all of this. */
export interface ProjectFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  code?: string | TextFilter
  summary?: string | null | TextFilter
  archived?: boolean | ChoiceFilter<boolean>
  startsOn?: string | null | TextFilter
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
  plain: 'id' | 'name' | 'code' | 'summary' | 'archived' | 'startsOn' | 'createdAt' | 'updatedAt' | 'version'
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
  priority: Priority
  points: number | null
  dueOn: string | null
  estimate: Estimate | null
  /** The key of its Project. */
  projectId: string
  /** The key of its User. */
  assigneeId: string | null
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
  /** Default: `NORMAL`. */
  priority?: Priority
  points?: number | null
  dueOn?: string | null
  estimate?: Estimate | null
  /** The key of its Project. */
  projectId: string
  /** The key of its User. */
  assigneeId?: string | null
}

export interface TaskUpdate {
  title?: string
  body?: string | null
  status?: TaskStatus
  priority?: Priority
  points?: number | null
  dueOn?: string | null
  estimate?: Estimate | null
  /** The key of its Project. */
  projectId?: string
  /** The key of its User. */
  assigneeId?: string | null
}

/** Rows that meet all of this. */
export interface TaskFilter {
  id?: string | TextFilter
  title?: string | TextFilter
  body?: string | null | TextFilter
  status?: TaskStatus | ChoiceFilter<TaskStatus>
  priority?: Priority | ChoiceFilter<Priority>
  points?: number | null | NumberFilter
  dueOn?: string | null | TextFilter
  estimate?: ObjectFilter
  project?: ProjectFilter
  assignee?: UserFilter
  labels?: TaskLabelFilter
  comments?: CommentFilter
  projectId?: string | TextFilter
  assigneeId?: string | null | TextFilter
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
  plain: 'id' | 'title' | 'body' | 'status' | 'priority' | 'points' | 'dueOn' | 'projectId' | 'assigneeId' | 'owner' | 'createdAt' | 'updatedAt' | 'version'
  number: 'points' | 'version'
  relations: {
    project: { model: ProjectModel; kind: 'one' }
    assignee: { model: UserModel; kind: 'maybe' }
    labels: { model: TaskLabelModel; kind: 'many' }
    comments: { model: CommentModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'search' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Comment {
  id: string
  text: string
  /** The key of its Task. */
  taskId: string
  owner: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface CommentCreate {
  id?: string
  text: string
  /** The key of its Task. */
  taskId: string
}

export interface CommentUpdate {
  text?: string
  /** The key of its Task. */
  taskId?: string
}

/** Rows that meet all of this. */
export interface CommentFilter {
  id?: string | TextFilter
  text?: string | TextFilter
  task?: TaskFilter
  taskId?: string | TextFilter
  owner?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly CommentFilter[]
  or?: readonly CommentFilter[]
  not?: CommentFilter
}

export interface CommentModel {
  row: Comment
  key: string
  create: CommentCreate
  update: CommentUpdate
  filter: CommentFilter
  plain: 'id' | 'text' | 'taskId' | 'owner' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    task: { model: TaskModel; kind: 'one' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Label {
  id: string
  name: string
  color: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface LabelCreate {
  id?: string
  name: string
  color?: string | null
}

export interface LabelUpdate {
  name?: string
  color?: string | null
}

/** Rows that meet all of this. */
export interface LabelFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  color?: string | null | TextFilter
  tasks?: TaskLabelFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly LabelFilter[]
  or?: readonly LabelFilter[]
  not?: LabelFilter
}

export interface LabelModel {
  row: Label
  key: string
  create: LabelCreate
  update: LabelUpdate
  filter: LabelFilter
  plain: 'id' | 'name' | 'color' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    tasks: { model: TaskLabelModel; kind: 'many' }
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

/** Joins Task and Label. */
export interface TaskLabel {
  id: string
  /** The key of its Task. */
  taskId: string
  /** The key of its Label. */
  labelId: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TaskLabelCreate {
  id?: string
  /** The key of its Task. */
  taskId: string
  /** The key of its Label. */
  labelId: string
}

export interface TaskLabelUpdate {
  /** The key of its Task. */
  taskId?: string
  /** The key of its Label. */
  labelId?: string
}

/** Rows that meet all of this. */
export interface TaskLabelFilter {
  id?: string | TextFilter
  taskId?: string | TextFilter
  task?: TaskFilter
  labelId?: string | TextFilter
  label?: LabelFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly TaskLabelFilter[]
  or?: readonly TaskLabelFilter[]
  not?: TaskLabelFilter
}

export interface TaskLabelModel {
  row: TaskLabel
  key: string
  create: TaskLabelCreate
  update: TaskLabelUpdate
  filter: TaskLabelFilter
  plain: 'id' | 'taskId' | 'labelId' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    task: { model: TaskModel; kind: 'one' }
    label: { model: LabelModel; kind: 'one' }
  }
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
    projects: ProjectModel
    tasks: TaskModel
    comments: CommentModel
    labels: LabelModel
    users: UserModel
    taskLabels: TaskLabelModel
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
  comments: ['id'],
  labels: ['id'],
  users: ['id'],
  taskLabels: ['id'],
} as const

const drafts: loam.Drafts<Schema> = {
  projects: {
    row: ({ id, at }) => ({ id, summary: null, archived: false, startsOn: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { tasks: ['many'] },
  },
  tasks: {
    row: ({ id, by, at }) => ({ id, body: null, status: 'TODO', priority: 'NORMAL', points: null, dueOn: null, estimate: null, assigneeId: null, owner: by, createdAt: at, updatedAt: at, version: 1 }),
    relations: { project: ['one', 'projectId'], assignee: ['maybe', 'assigneeId'], labels: ['many'], comments: ['many'] },
  },
  comments: {
    row: ({ id, by, at }) => ({ id, owner: by, createdAt: at, updatedAt: at, version: 1 }),
    relations: { task: ['one', 'taskId'] },
  },
  labels: {
    row: ({ id, at }) => ({ id, color: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { tasks: ['many'] },
  },
  taskLabels: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: { task: ['one', 'taskId'], label: ['one', 'labelId'] },
  },
}

/** Makes a client of this backend. */
export const createClient = (options?: loam.ClientOptions): Client => loam.createClient<Schema>(keys, options, drafts)
