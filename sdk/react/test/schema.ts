// A schema as `loam generate ts` writes it, of two models.

import * as loam from '@loam/client'
import { createHooks } from '@loam/react'

export interface Project {
  id: string
  name: string
  version: number
}
export interface ProjectModel {
  row: Project
  key: string
  create: { id?: string; name: string }
  update: { name?: string }
  filter: { id?: string; name?: string | { beginsWith?: string } }
  plain: 'id' | 'name' | 'version'
  number: 'version'
  relations: { tasks: { model: TaskModel; kind: 'many' } }
  can: 'list' | 'pages' | 'live' | 'get' | 'create' | 'update' | 'delete' | 'upsert'
}
export interface Task {
  id: string
  title: string
  status: 'TODO' | 'DONE'
  done: boolean
  projectId: string
  version: number
}
export interface TaskModel {
  row: Task
  key: string
  create: { id?: string; title: string; status?: 'TODO' | 'DONE'; done?: boolean; projectId: string }
  update: { title?: string; status?: 'TODO' | 'DONE' }
  filter: { id?: string; projectId?: string; status?: 'TODO' | 'DONE' }
  plain: 'id' | 'title' | 'version'
  number: 'version'
  relations: { project: { model: ProjectModel; kind: 'one' } }
  can: 'list' | 'pages' | 'live' | 'get' | 'create' | 'update' | 'delete' | 'upsert'
}
/** Rows with a key of two fields, which nobody changes. */
export interface LikeModel {
  row: { taskId: string; userId: string; at: string }
  key: { readonly taskId: string; readonly userId: string }
  create: { taskId: string; userId: string }
  update: never
  filter: { taskId?: string; userId?: string }
  plain: 'taskId' | 'userId' | 'at'
  number: never
  relations: {}
  can: 'list' | 'pages' | 'live' | 'create' | 'delete'
}
export interface Schema {
  models: { projects: ProjectModel; tasks: TaskModel; likes: LikeModel }
  role: 'owner' | 'member'
  user: { nick?: string }
  signUp: { nick?: string }
  profile: { nick?: string }
  organization: {}
  organizationChange: {}
}
const keys = { projects: ['id'], tasks: ['id'], likes: ['taskId', 'userId'] } as const
const drafts: loam.Drafts<Schema> = {
  tasks: { row: ({ id }) => ({ id, status: 'TODO', done: false, version: 1 }), relations: { project: ['one', 'projectId'] } },
}
export const createClient = (options?: loam.ClientOptions): loam.Client<Schema> => loam.createClient<Schema>(keys, options, drafts)

const hooks = createHooks<Schema>()
export const { LoamProvider, useAuth, useClient } = hooks
export const {
  useList: useTasks,
  useSuspenseList: useSuspenseTasks,
  useInfinite: useInfiniteTasks,
  useOne: useTask,
  useSuspenseOne: useSuspenseTask,
  useCreate: useCreateTask,
  useUpdate: useUpdateTask,
  useDelete: useDeleteTask,
} = hooks.model('tasks', ['id'])
export const likeHooks = hooks.model('likes', ['taskId', 'userId'])
