// Programs that are right, and wrong ones that must not compile. Only compiled.

import type { LoamError } from '@loam/client'
import { likeHooks, useAuth, useClient, useCreateTask, useDeleteTask, useInfiniteTasks, useSuspenseTask, useSuspenseTasks, useTask, useTasks, useUpdateTask, type Task } from './schema.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <T extends true>(): T | undefined => undefined

export function Right(): void {
  const tasks = useTasks({ where: { projectId: '1' }, sort: '-title', limit: 3, count: true })
  is<Same<typeof tasks.data, Task[] | undefined>>()
  is<Same<typeof tasks.live, 'live' | 'connecting' | 'offline'>>()
  is<Same<typeof tasks.error, LoamError | null>>()
  is<Same<typeof tasks.total, number | undefined>>()
  if (tasks.isSuccess) is<Same<typeof tasks.data, Task[]>>()

  const some = useTasks({ fields: ['title'], include: { project: { fields: ['name'] } } })
  is<Same<typeof some.data, { title: string; project: { name: string } }[] | undefined>>()
  // @ts-expect-error a field that was not asked for is not there
  void some.data?.[0]?.status

  const placed = useTasks({}, { place: (row, rows) => (row.title < rows[0]!.title ? 'first' : 'last'), keepPrevious: true })
  is<Same<typeof placed.data, Task[] | undefined>>()

  const surely = useSuspenseTasks({ fields: ['id'] })
  is<Same<typeof surely.data, { id: string }[]>>()

  const pages = useInfiniteTasks({ limit: 20, include: { project: true } })
  is<Same<NonNullable<typeof pages.data>[number]['project'], { id: string; name: string; version: number }>>()
  void pages.fetchNextPage()

  const one = useTask('1', { fields: ['status'] })
  is<Same<typeof one.data, { status: 'TODO' | 'DONE' } | undefined>>()
  const there = useSuspenseTask('1')
  is<Same<typeof there.data, Task>>()
  useTask(undefined)

  const create = useCreateTask({ onSuccess: (row) => is<Same<typeof row, Task>>() })
  create.mutate({ title: 'a', projectId: '1' })
  const update = useUpdateTask({ queue: false, onError: (err) => void err.code })
  update.mutate({ id: '1', status: 'DONE', ifVersion: 3 })
  useDeleteTask().mutate('1')
  likeHooks.useDelete().mutate({ taskId: '1', userId: '2' })

  const auth = useAuth()
  is<Same<typeof auth.ready, boolean>>()
  void auth.user?.nick
  void auth.signIn({ email: 'a@b.c', password: 'x' })
  void auth.organizations.switch('1')
  void useClient().tasks.get('1')
}

export function Wrong(): void {
  // @ts-expect-error no such field
  useTasks({ where: { projectID: '1' } })
  // @ts-expect-error no such value
  useTasks({ where: { status: 'DOING' } })
  // @ts-expect-error no such relation
  useTasks({ include: { owner: true } })
  // @ts-expect-error no such field
  useTasks({ fields: ['titel'] })
  // @ts-expect-error the cursor is the hook's
  useInfiniteTasks({ cursor: 'x' })
  // @ts-expect-error a suspended list is asked for at once
  useSuspenseTasks({}, { enabled: false })
  // @ts-expect-error projectId is missing
  useCreateTask().mutate({ title: 'a' })
  // @ts-expect-error the key is missing
  useUpdateTask().mutate({ title: 'a' })
  // @ts-expect-error no such field
  useUpdateTask().mutate({ id: '1', titel: 'a' })
  // @ts-expect-error the rules let nobody read one by its key
  likeHooks.useOne({ taskId: '1', userId: '2' })
  // @ts-expect-error the rules let nobody change one
  void likeHooks.useUpdate
}
