// Programs that must compile, and what comes of each call: exactly that type.
import {
  createClient,
  isError,
  LoamError,
  newId,
  TaskStatus,
  type Client,
  type Estimate,
  type OrganizationRole,
  type Priority,
  type Project,
  type RowOf,
  type Task,
  type TaskFilter,
  type User,
} from '#example'
import { organizationAdmin } from '@loam/client/admin'
import { createClient as createTorture, type enum_, type Schema_ as Torture, type Seat, type Tree } from '#torture'
import { exactly } from './assert'

const app: Client = createClient({ url: 'https://api.example.com', retries: 1 })
const odd = createTorture()

export async function lists(projectId: string, signal: AbortSignal): Promise<void> {
  const all = await app.tasks.list()
  exactly<Task[]>()(all.items)
  exactly<string | null>()(all.nextCursor)

  const shown = await app.tasks.list({
    where: { status: 'DOING', project: { name: { beginsWith: 'A' } } },
    include: { assignee: true },
    sort: '-createdAt',
    limit: 30,
  })
  exactly<Task & { assignee: User | null }>()(shown.items[0]!)

  const counted = await app.tasks.list({ count: true, search: 'settings pag', sort: ['-points', 'title'] }, { signal, timeout: 100 })
  exactly<number>()(counted.total)

  const some = await app.tasks.list({ fields: ['title', 'status', 'points'] })
  exactly<{ title: string; status: 'TODO' | 'DOING' | 'DONE'; points: number | null }>()(some.items[0]!)

  const deep = await app.projects.list({
    fields: ['name'],
    include: {
      tasks: {
        where: { status: { in: ['TODO', 'DOING'] }, or: [{ points: { gt: 3 } }, { priority: 'HIGH' }], assignee: { name: { contains: 'a' } } },
        fields: ['title', 'estimate'],
        include: { assignee: { fields: ['name'] }, labels: { include: { label: { fields: ['name'] } }, limit: 5 } },
        sort: ['-points', 'id'],
        limit: 10,
      },
    },
    where: { tasks: { status: 'DOING' } },
  })
  const row = deep.items[0]!
  exactly<string>()(row.name)
  exactly<{ name: string | null } | null>()(row.tasks[0]!.assignee)
  exactly<Estimate | null>()(row.tasks[0]!.estimate)
  exactly<string>()(row.tasks[0]!.labels[0]!.label.name)
  exactly<'title' | 'estimate' | 'assignee' | 'labels'>()(keyOf(row.tasks[0]!))
  exactly<'name' | 'tasks'>()(keyOf(row))

  // What is made elsewhere fits as well.
  const where: TaskFilter = { projectId, not: { dueOn: null } }
  const mine = await app.tasks.list({ where: { and: [where, { createdAt: { between: ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'] } }] } })
  exactly<Task[]>()(mine.items)
  const include = { project: { fields: ['name'] } } as const
  const joined = await app.tasks.list({ include })
  exactly<{ name: string }>()(joined.items[0]!.project)
  const names: ('title' | 'status')[] = ['title']
  const dynamic = await app.tasks.list({ fields: names })
  exactly<string | undefined>()(dynamic.items[0]!.title)

  for await (const page of app.tasks.pages({ limit: 500, fields: ['id'] })) exactly<{ id: string }[]>()(page)
}

const keyOf = <T extends object>(row: T): keyof T => Object.keys(row)[0] as keyof T

export async function rows(id: string): Promise<void> {
  const project = await app.projects.create({ name: 'Apollo', code: 'APO' })
  exactly<Project>()(project)
  const task = await app.tasks.get(id, { include: { project: true, comments: { fields: ['text'], limit: 3 } } })
  exactly<Project>()(task.project)
  exactly<{ text: string }[]>()(task.comments)
  const changed = await app.tasks.update(id, { points: null, status: 'DONE' }, { ifVersion: task.version })
  exactly<Priority>()(changed.priority)
  await app.projects.upsert({ code: 'APO', name: 'Apollo 2', archived: true })
  exactly<void>()(await app.tasks.delete(id, { idempotencyKey: 'once' }))

  exactly<number>()(await app.tasks.count({ where: { status: 'DONE' } }))
  const [totals] = await app.tasks.aggregate({ groupBy: ['status', 'assigneeId'], sum: ['points'], max: ['dueOn'] })
  exactly<{ status: TaskStatus; assigneeId: string | null }>()(totals!.group)
  exactly<{ points: number | null }>()(totals!.sum)
  exactly<{ dueOn: string | null }>()(totals!.max)

  const made = newId()
  const [p, t, nothing] = await app.batch((tx) => [
    tx.projects.create({ id: made, name: 'Gemini', code: 'GEM' }),
    tx.tasks.update(id, { projectId: made }, { ifVersion: 3 }),
    tx.comments.delete(id),
  ])
  exactly<Project>()(p)
  exactly<Task>()(t)
  exactly<undefined>()(nothing)
}

export function lives(projectId: string): () => void {
  return app.tasks.live({ where: { projectId }, fields: ['title'], include: { assignee: { fields: ['name'] } } }, (rows) => {
    exactly<{ title: string; assignee: { name: string | null } | null }[]>()(rows)
  })
}

export async function running(): Promise<void> {
  const admin = organizationAdmin(app)
  exactly<OrganizationRole>()((await admin.domains.update('acme.com', { role: 'admin' })).role)
}

export function values(err: unknown): void {
  exactly<readonly ['TODO', 'DOING', 'DONE']>()(TaskStatus)
  exactly<'owner' | 'admin' | 'member'>()('owner' as OrganizationRole)
  if (isError(err, 'data/version', 'client/network')) exactly<LoamError>()(err)
  if (err instanceof LoamError && err.code === 'access/denied') exactly<string | undefined>()(err.field)
  type Card = RowOf<'tasks', { fields: ['title']; include: { project: { fields: ['code'] } } }>
  const card: Card = { title: 'a', project: { code: 'APO' } }
  exactly<string>()(card.project.code)
  exactly<Task>()({} as RowOf<'tasks'>)
}

export async function torture(): Promise<void> {
  const whole = (await odd.trees.list()).items[0]!
  exactly<Tree>()(whole)
  exactly<number | null | undefined>()(whole.salary)
  const named = (await odd.trees.list({ fields: ['salary', 'stamped', 'anything', 'places', 'tags'] })).items[0]!
  exactly<number | null>()(named.salary)
  exactly<string | null>()(named.stamped)
  exactly<unknown>()(named.anything)
  exactly<(string | null)[] | null>()(named.tags)
  const round = await odd.trees.get('1', {
    fields: ['id'],
    include: { root: { fields: ['id'], include: { root: { fields: ['id'], include: { children: { fields: ['name'], include: { parent: true } } } } } } },
  })
  exactly<Tree | null>()(round.root.root.children[0]!.parent)
  const hidden = await odd.trees.get('1', { include: { secret: { fields: ['text'] }, vault: { fields: ['text'] }, best: { fields: ['id'] } } })
  exactly<{ text: string } | null>()(hidden.secret)
  exactly<{ text: string }>()(hidden.vault) // who may read none gets an error
  exactly<{ id: string } | null>()(hidden.best)
  const seat = await odd.seats.get({ hall: 'a', row: 1, number: 2 }, { include: { country: true } })
  exactly<string>()(seat.country.name)
  exactly<Seat>()(await odd.seats.update({ hall: 'a', row: 1, number: 2 }, { holderId: null }))
  exactly<enum_ | null>()((await odd.strings.get('1')).function)
  await odd.strings.list({ where: { default: 3, constructor: true, parents: { tree: { weights: { contains: 1, size: 2 }, places: { size: { gt: 1 } } } } } })
  await odd.logs.create({ line: 'a' })
  await odd.users.list({ where: { nickname: { beginsWith: 'a' }, theme: 'B' }, sort: '-born' })
  const signUp: Torture['signUp'] = { born: '2000-01-01', theme: 'A' }
  exactly<string>()(signUp.born)
}
