import type { Priority, Task, TaskStatus } from './loam'
import { useAuth } from './loam/react'

export const titles = { TODO: 'To do', DOING: 'Doing', DONE: 'Done' } satisfies Record<TaskStatus, string>

export const priorities = { LOW: 'Low', NORMAL: 'Normal', HIGH: 'High' } satisfies Record<Priority, string>

/** Whether the rules of schema.graphql let one change a task. The server decides; this is for what to offer. */
export function useMayChange(): (task: Pick<Task, 'owner' | 'assigneeId'>) => boolean {
  const { user, organization } = useAuth()
  return (task) => organization!.role !== 'member' || task.owner === user!.id || task.assigneeId === user!.id
}

/** A date as a card has it. */
export const day = (date: string): string => new Date(date + 'T00:00').toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
