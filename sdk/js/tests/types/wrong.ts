// Programs that must not compile: each line below a mark is wrong in one way.
import { createClient, isError, type CommentModel, type Draft, type RowOf } from '#example'
import { createClient as createTorture, type Schema_ as Torture } from '#torture'

const app = createClient()
const odd = createTorture()

export const conditions = [
  // @ts-expect-error: no such field
  () => app.tasks.list({ where: { statos: 'DOING' } }),
  // @ts-expect-error: no such value
  () => app.tasks.list({ where: { status: 'DOIN' } }),
  // @ts-expect-error: no such value in a list
  () => app.tasks.list({ where: { status: { in: ['TODO', 'DOIN'] } } }),
  // @ts-expect-error: no such operator
  () => app.tasks.list({ where: { title: { startsWith: 'a' } } }),
  // @ts-expect-error: an operator of texts on a number
  () => app.tasks.list({ where: { points: { contains: 3 } } }),
  // @ts-expect-error: an operator of order on an enum
  () => app.tasks.list({ where: { status: { gt: 'TODO' } } }),
  // @ts-expect-error: a text for a number
  () => app.tasks.list({ where: { points: '3' } }),
  // @ts-expect-error: null where there is always a value
  () => app.tasks.list({ where: { title: null } }),
  // @ts-expect-error: between takes two
  () => app.tasks.list({ where: { points: { between: [1, 2, 3] } } }),
  // @ts-expect-error: no such field, through a relation
  () => app.tasks.list({ where: { project: { nam: 'a' } } }),
  // @ts-expect-error: no such field, through two
  () => app.tasks.list({ where: { comments: { task: { titel: 'a' } } } }),
  // @ts-expect-error: no such field, beneath a word
  () => app.tasks.list({ where: { or: [{ not: { statos: 'DONE' } }] } }),
  // @ts-expect-error: what an embedded type holds can't be asked for
  () => app.tasks.list({ where: { estimate: { hours: 3 } } }),
  // @ts-expect-error: a relation needs a field of it
  () => app.tasks.list({ where: { project: 'apollo' } }),
  // @ts-expect-error: elements of another type
  () => odd.trees.list({ where: { weights: { contains: '1' } } }),
  // @ts-expect-error: lists are not equal to anything
  () => odd.trees.list({ where: { tags: { eq: 'a' } } }),
]

export const arguments_ = [
  // @ts-expect-error: no such argument
  () => app.tasks.list({ filter: {} }),
  // @ts-expect-error: no such field
  () => app.tasks.list({ fields: ['titel'] }),
  // @ts-expect-error: a relation is no field
  () => app.tasks.list({ fields: ['project'] }),
  // @ts-expect-error: no such field
  () => app.tasks.list({ sort: '-titel' }),
  // @ts-expect-error: an embedded type is not sorted by
  () => app.tasks.list({ sort: ['title', 'estimate'] }),
  // @ts-expect-error: a list is not sorted by
  () => odd.trees.list({ sort: 'tags' }),
  // @ts-expect-error: a text for a number
  () => app.tasks.list({ limit: '30' }),
  // @ts-expect-error: projects have no @search
  () => app.projects.list({ search: 'a' }),
  // @ts-expect-error: a row by its key has no filter
  () => app.tasks.get('1', { where: { status: 'TODO' } }),
  // @ts-expect-error: a row by its key needs one
  () => app.tasks.get(),
  // @ts-expect-error: the key of a seat has three fields
  () => odd.seats.get('a'),
  // @ts-expect-error: all of them
  () => odd.seats.get({ hall: 'a', row: 1 }),
  // @ts-expect-error: only numbers add up
  () => app.tasks.aggregate({ sum: ['title'] }),
  // @ts-expect-error: no such field
  () => app.tasks.aggregate({ groupBy: ['statos'] }),
]

export const includes = [
  // @ts-expect-error: no such relation
  () => app.tasks.list({ include: { projekt: true } }),
  // @ts-expect-error: no such relation beside one that is there
  () => app.tasks.list({ include: { project: true, asignee: true } }),
  // @ts-expect-error: a field is no relation
  () => app.tasks.list({ include: { title: true } }),
  // @ts-expect-error: a relation to one row has no limit
  () => app.tasks.list({ include: { project: { limit: 3 } } }),
  // @ts-expect-error: nor a filter
  () => app.tasks.list({ include: { project: { where: { name: 'a' } } } }),
  // @ts-expect-error: no such argument
  () => app.tasks.list({ include: { comments: { order: 'text' } } }),
  // @ts-expect-error: no such field
  () => app.tasks.list({ include: { project: { fields: ['nam'] } } }),
  // @ts-expect-error: no such relation, two deep
  () => app.tasks.list({ include: { project: { include: { task: true } } } }),
  // @ts-expect-error: no such field, two deep
  () => app.tasks.list({ include: { project: { include: { tasks: { fields: ['titel'] } } } } }),
  // @ts-expect-error: no such condition, two deep
  () => app.tasks.list({ include: { project: { include: { tasks: { where: { statos: 'DONE' } } } } } }),
  // @ts-expect-error: no such condition beside one that is there
  () => app.projects.list({ include: { tasks: { where: { status: 'DONE', statos: 'DONE' } } } }),
  // @ts-expect-error: no such operator beside one that is there
  () => app.projects.list({ include: { tasks: { where: { title: { contains: 'a', begins: 'b' } } } } }),
  // @ts-expect-error: no such value, in a list, two deep
  () => app.projects.list({ include: { tasks: { where: { or: [{ status: { in: ['DONE', 'DOIN'] } }] } } } }),
  // @ts-expect-error: no such field to sort by
  () => app.projects.list({ include: { tasks: { sort: '-titel' } } }),
  // @ts-expect-error: nobody reads logs
  () => odd.trees.list({ include: { log: true } }),
]

export const results = [
  // @ts-expect-error: not selected
  async () => (await app.tasks.list({ fields: ['title'] })).items[0]!.status,
  // @ts-expect-error: not included
  async () => (await app.tasks.list()).items[0]!.project,
  // @ts-expect-error: not selected of what is included
  async () => (await app.tasks.list({ include: { project: { fields: ['name'] } } })).items[0]!.project.code,
  // @ts-expect-error: there may be nobody
  async () => (await app.tasks.list({ include: { assignee: true } })).items[0]!.assignee.name,
  // @ts-expect-error: may be null
  async () => (await app.tasks.get('1')).points.toFixed(),
  // @ts-expect-error: a rule may keep it
  async () => (await odd.trees.get('1')).salary!.toFixed() + (await odd.trees.get('1')).salary.toFixed(),
  // @ts-expect-error: a rule may keep it from everybody but its owner
  async () => (await odd.trees.get('1', { include: { secret: true } })).secret.text,
  // @ts-expect-error: nobody asked for a total
  async () => (await app.tasks.list()).total,
  // @ts-expect-error: not in the type of the row
  (row: RowOf<'tasks', { fields: ['title'] }>) => row.status,
  // @ts-expect-error: no such code
  (err: unknown) => isError(err, 'data/versoin'),
]

export const writes = [
  // @ts-expect-error: no title
  () => app.tasks.create({ projectId: '1' }),
  // @ts-expect-error: no such field
  () => app.tasks.create({ title: 'a', projectId: '1', statos: 'TODO' }),
  // @ts-expect-error: no such value
  () => app.tasks.create({ title: 'a', projectId: '1', status: 'DOIN' }),
  // @ts-expect-error: set by the server
  () => app.tasks.create({ title: 'a', projectId: '1', createdAt: '2026-01-01T00:00:00Z' }),
  // @ts-expect-error: a relation is written by its key
  () => app.tasks.create({ title: 'a', project: { id: '1' } }),
  // @ts-expect-error: no such member of an embedded type
  () => app.tasks.create({ title: 'a', projectId: '1', estimate: { hours: 1, confidence: 'SURE', days: 3 } }),
  // @ts-expect-error: the key can't change
  () => app.tasks.update('1', { id: '2' }),
  // @ts-expect-error: can't be emptied
  () => app.tasks.update('1', { title: null }),
  // @ts-expect-error: a version is a number
  () => app.tasks.update('1', {}, { ifVersion: '3' }),
  // @ts-expect-error: a new row has no version
  () => app.tasks.create({ title: 'a', projectId: '1' }, { ifVersion: 3 }),
  // @ts-expect-error: users are not made here
  () => app.users.create({ name: 'Ada' }),
  // @ts-expect-error: nobody removes vaults
  () => odd.vaults.delete('1'),
  // @ts-expect-error: nobody reads logs
  () => odd.logs.list(),
  // @ts-expect-error: users are not followed
  () => app.users.live({}, () => {}),
  // @ts-expect-error: nor what is only listed
  () => odd.countries.live({}, () => {}),
  // @ts-expect-error: what is not asked for
  () => app.tasks.live({ fields: ['title'] }, (rows) => rows[0]!.status),
  // @ts-expect-error: no such relation
  () => app.tasks.live({ include: { projekt: true } }, () => {}),
  // @ts-expect-error: nobody writes it
  () => odd.trees.update('1', { stamped: 'a' }),
  // @ts-expect-error: no such model
  () => app.task.list(),
  // @ts-expect-error: no such field, in a batch
  () => app.batch((tx) => [tx.tasks.update('1', { titel: 'a' })]),
  // @ts-expect-error: users are not made in a batch either
  () => app.batch((tx) => [tx.users.create({ name: 'a' })]),
  // @ts-expect-error: a sign-up needs what the app demands
  (): Torture['signUp'] => ({ theme: 'A' }),
]

const relations = {} as Draft<CommentModel>['relations']
export const drafts: Draft<CommentModel>[] = [
  // @ts-expect-error: owner is missing
  { row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }), relations },
  // @ts-expect-error: a version is a number
  { row: ({ id, by, at }) => ({ id, owner: by, createdAt: at, updatedAt: at, version: at }), relations },
]
