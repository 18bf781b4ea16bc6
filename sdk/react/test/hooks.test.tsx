import assert from 'node:assert/strict'
import { afterEach, mock, test } from 'node:test'
import { Component, StrictMode, Suspense, type ReactNode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { QueryClient, QueryErrorResetBoundary } from '@tanstack/react-query'
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { LoamProvider, useAuth, useCreateTask, useDeleteTask, useInfiniteTasks, useSuspenseTasks, useTask, useTasks, useUpdateTask } from './schema.js'
import { createServer, task } from './server.js'

const ends: (() => void)[] = []
afterEach(() => {
  cleanup()
  ends.splice(0).forEach((end) => end())
})

function begin(tasks = [task('1'), task('2', { projectId: 'q' })]) {
  const server = createServer(tasks)
  const app = server.client()
  const queries = new QueryClient()
  ends.push(() => (app.close(), queries.clear()))
  const wrapper = ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <LoamProvider client={app} queryClient={queries}>
        {children}
      </LoamProvider>
    </StrictMode>
  )
  return { server, app, queries, wrapper }
}
const titles = (rows: { title: string }[] | undefined) => rows?.map((r) => r.title).join()

test('a list is live, and one subscription however many show it', async () => {
  const { server, wrapper } = begin()
  const { result } = renderHook(() => [useTasks({ where: { projectId: 'p' } }), useTasks({ where: { projectId: 'p' } })] as const, { wrapper })
  assert.equal(result.current[0].live, 'connecting')
  assert.equal(result.current[0].isPending, true)
  await waitFor(() => assert.equal(titles(result.current[0].data), 'Task 1'))
  assert.equal(result.current[0].live, 'live')
  act(() => server.change((rows) => [...rows, task('3')]))
  await waitFor(() => assert.equal(titles(result.current[1].data), 'Task 1,Task 3'))
  assert.equal(result.current[0].data, result.current[1].data)
  assert.equal(server.asked.filter((a) => a.startsWith('subscribe')).length, 1, server.asked.join('\n'))
  assert.equal(server.asked.filter((a) => a.startsWith('GET')).length, 0, server.asked.join('\n'))
})

test('without a connection the rows come by a request', async () => {
  const { wrapper, app } = begin()
  app.tasks.live = (_, __, options) => (queueMicrotask(() => options?.onState?.({ state: 'offline', nextCursor: null, total: undefined, error: undefined })), () => undefined)
  const { result } = renderHook(() => useTasks(), { wrapper })
  await waitFor(() => assert.equal(titles(result.current.data), 'Task 1,Task 2'))
  assert.equal(result.current.live, 'offline')
})

test('the connection is lost', async () => {
  const { server, wrapper } = begin()
  const { result } = renderHook(() => useTasks(), { wrapper })
  await waitFor(() => assert.equal(result.current.live, 'live'))
  server.state.down = true
  act(() => server.lose())
  await waitFor(() => assert.equal(result.current.live, 'offline'))
  assert.equal(titles(result.current.data), 'Task 1,Task 2')
})

test('a write shows at once, and is taken back where it is refused', async () => {
  const { server, app, wrapper } = begin()
  await app.auth.signIn({ email: 'ann', password: 'x' })
  for (const queue of [true, false]) {
    server.state.refuse = 'not yours'
    const { result, unmount } = renderHook(() => ({ list: useTasks(), still: useTasks({ sort: 'title' }, { live: false }), one: useTask('1'), update: useUpdateTask({ queue }), remove: useDeleteTask({ queue }) }), { wrapper })
    await waitFor(() => assert.equal(result.current.one.data?.title, 'Task 1'))
    await waitFor(() => assert.equal(result.current.still.data?.length, 2))
    await waitFor(() => assert.equal(result.current.list.live, 'live'))
    let release = server.hold()
    act(() => result.current.update.mutate({ id: '1', title: 'Mine' }))
    await waitFor(() => assert.equal(titles(result.current.list.data), 'Mine,Task 2', 'the live list'))
    await waitFor(() => assert.equal(titles(result.current.still.data), 'Mine,Task 2'))
    await waitFor(() => assert.equal(result.current.one.data?.title, 'Mine'))
    release()
    await waitFor(() => assert.equal(result.current.update.error?.code, 'access/denied'))
    assert.equal(result.current.update.error?.field, 'title')
    await waitFor(() => assert.equal(titles(result.current.list.data), 'Task 1,Task 2'))
    await waitFor(() => assert.equal(titles(result.current.still.data), 'Task 1,Task 2'))
    assert.equal(result.current.one.data?.title, 'Task 1')
    release = server.hold()
    act(() => result.current.remove.mutate('2'))
    await waitFor(() => assert.equal(titles(result.current.list.data), 'Task 1'))
    await waitFor(() => assert.equal(titles(result.current.still.data), 'Task 1'))
    release()
    await waitFor(() => assert.equal(titles(result.current.still.data), 'Task 1,Task 2'))
    unmount()
  }
})

test('what is created is there once the server has it, or where one places it', async () => {
  const { server, app, wrapper } = begin()
  await app.auth.signIn({ email: 'ann', password: 'x' })
  const { result } = renderHook(() => ({ list: useTasks({}, { place: 'first' }), create: useCreateTask() }), { wrapper })
  await waitFor(() => assert.equal(result.current.list.live, 'live'))
  const release = server.hold()
  act(() => result.current.create.mutate({ title: 'New', projectId: 'p' }))
  await waitFor(() => assert.equal(titles(result.current.list.data), 'New,Task 1,Task 2'))
  release()
  await waitFor(() => assert.equal(result.current.create.isSuccess, true))
  await waitFor(() => assert.equal(titles(result.current.list.data), 'Task 1,Task 2,New'))
})

test('what is created has what its type promises from the start', async () => {
  const { server, app, wrapper } = begin([])
  await app.auth.signIn({ email: 'ann', password: 'x' })
  const said = mock.method(console, 'error')
  let create: ReturnType<typeof useCreateTask>
  function List(): ReactNode {
    const { data: tasks = [], live } = useTasks({}, { place: 'first' })
    create = useCreateTask()
    return (
      <>
        {live}
        {tasks.map((t) => (
          <input key={t.id} type="checkbox" checked={t.done} title={t.status.toLowerCase()} readOnly />
        ))}
      </>
    )
  }
  render(<List />, { wrapper })
  await screen.findByText('live')
  const release = server.hold()
  act(() => create.mutate({ title: 'New', projectId: 'p' }))
  await screen.findByTitle('todo')
  release()
  await waitFor(() => assert.equal(create.isSuccess, true))
  assert.equal(said.mock.callCount(), 0, 'React is told of a box that is not controlled')
  said.mock.restore()
})

test('one row is live, and its end is an error', async () => {
  const { server, wrapper } = begin()
  const { result } = renderHook(() => useTask('1'), { wrapper })
  await waitFor(() => assert.equal(result.current.data?.title, 'Task 1'))
  act(() => server.change((rows) => rows.map((r) => ({ ...r, title: 'Other' }))))
  await waitFor(() => assert.equal(result.current.data?.title, 'Other'))
  act(() => server.change(() => []))
  await waitFor(() => assert.equal(result.current.error?.code, 'data/not_found'))
  assert.equal(result.current.data, undefined)
})

test('nobody sees what somebody else has seen', async () => {
  const { app, queries, wrapper } = begin()
  const shown: string[] = []
  const { result } = renderHook(
    () => {
      const auth = useAuth()
      const list = useTasks({}, { keepPrevious: true })
      shown.push(`${auth.ready ? (auth.user?.id ?? 'nobody') : '?'} ${auth.organization?.id ?? ''} ${list.data?.length ?? '-'}`)
      return { auth, list }
    },
    { wrapper },
  )
  await act(() => result.current.auth.signIn({ email: 'ann', password: 'x' }))
  await waitFor(() => assert.equal(result.current.list.data?.length, 2))
  await act(() => result.current.auth.organizations.switch('empty'))
  assert.equal(shown.includes('ann empty 2'), false, shown.join('\n'))
  await waitFor(() => assert.equal(result.current.list.data?.length, 0))
  await waitFor(() => assert.equal(result.current.list.live, 'live'))
  assert.equal(queries.getQueryCache().getAll().length, 1)
  await act(() => result.current.auth.signOut())
  assert.equal(shown.includes('nobody  0'), false, shown.join('\n'))
  assert.equal(result.current.auth.user, null)
})

test('a suspended list has its rows at once', async () => {
  const { server, wrapper } = begin()
  function List(): ReactNode {
    return <p>{titles(useSuspenseTasks({ fields: ['title'] }).data)}</p>
  }
  render(
    <Suspense fallback="…">
      <List />
    </Suspense>,
    { wrapper },
  )
  await screen.findByText('Task 1,Task 2')
  act(() => server.change((rows) => rows.slice(0, 1)))
  await screen.findByText('Task 1')
})

test('page after page, and all of them live', async () => {
  const { server, wrapper } = begin(['1', '2', '3', '5'].map((id) => task(id)))
  const { result } = renderHook(() => useInfiniteTasks({ limit: 2 }), { wrapper })
  await waitFor(() => assert.equal(titles(result.current.data), 'Task 1,Task 2'))
  assert.deepEqual([result.current.live, result.current.hasNextPage], ['live', true])
  act(() => server.change((rows) => [task('0'), ...rows.slice(1)]))
  await waitFor(() => assert.equal(titles(result.current.data), 'Task 0,Task 2'))
  await act(() => result.current.fetchNextPage())
  await waitFor(() => assert.equal(titles(result.current.data), 'Task 0,Task 2,Task 3,Task 5'))
  assert.equal(result.current.hasNextPage, false)
  act(() => server.change((rows) => [...rows.slice(0, 3), task('4'), ...rows.slice(3)]))
  await waitFor(() => assert.equal(titles(result.current.data), 'Task 0,Task 2,Task 3,Task 4'))
  assert.equal(result.current.hasNextPage, true, 'one was pushed out')
  await act(() => result.current.refetch())
  assert.equal(titles(result.current.data), 'Task 0,Task 2,Task 3,Task 4')
  act(() => server.change((rows) => rows.slice(0, 1)))
  await waitFor(() => assert.equal(titles(result.current.data), 'Task 0'))
  act(() => server.change((rows) => [...rows, task('6'), task('7')]))
  await waitFor(() => assert.deepEqual([titles(result.current.data), result.current.hasNextPage], ['Task 0,Task 6', true]))
  assert.equal(server.asked.filter((a) => a.startsWith('GET')).length, 0, server.asked.join('\n'))
})

test('page after page without a connection', async () => {
  const { server, wrapper } = begin(['1', '2', '3', '4', '5'].map((id) => task(id)))
  const { result } = renderHook(() => ({ live: useInfiniteTasks({ limit: 2 }), still: useInfiniteTasks({ limit: 3 }, { live: false }) }), { wrapper })
  await waitFor(() => assert.equal(titles(result.current.live.data), 'Task 1,Task 2'))
  assert.equal(result.current.still.live, 'offline')
  server.state.deaf = true
  act(() => server.lose())
  await waitFor(() => assert.equal(result.current.live.live, 'offline'))
  await act(() => result.current.live.fetchNextPage())
  await waitFor(() => assert.equal(titles(result.current.live.data), 'Task 1,Task 2,Task 3,Task 4'))
  await act(() => result.current.live.fetchNextPage())
  await waitFor(() => assert.equal(titles(result.current.live.data), 'Task 1,Task 2,Task 3,Task 4,Task 5'))
  await act(() => result.current.still.fetchNextPage())
  await waitFor(() => assert.deepEqual([titles(result.current.still.data), result.current.still.hasNextPage], ['Task 1,Task 2,Task 3,Task 4,Task 5', false]))
})

test('a write shows in all pages at once, and is taken back', async () => {
  const { server, app, wrapper } = begin([task('1'), task('2'), task('3')])
  await app.auth.signIn({ email: 'ann', password: 'x' })
  for (const queue of [true, false]) {
    server.state.refuse = 'not yours'
    const { result, unmount } = renderHook(() => ({ list: useInfiniteTasks({ limit: 1 }), update: useUpdateTask({ queue }) }), { wrapper })
    await waitFor(() => assert.match(titles(result.current.list.data) ?? '', /^Task 1/))
    if (result.current.list.data?.length === 1) await act(() => result.current.list.fetchNextPage())
    await waitFor(() => assert.equal(titles(result.current.list.data), 'Task 1,Task 2'))
    const release = server.hold()
    act(() => result.current.update.mutate({ id: '2', title: 'Mine' }))
    await waitFor(() => assert.equal(titles(result.current.list.data), 'Task 1,Mine'))
    release()
    await waitFor(() => assert.equal(result.current.update.error?.code, 'access/denied'))
    await waitFor(() => assert.equal(titles(result.current.list.data), 'Task 1,Task 2'))
    unmount()
  }
})

test('a server renders, and subscribes to nothing', () => {
  const { server, wrapper: Wrapper } = begin()
  function List(): ReactNode {
    const { live, isPending } = useTasks()
    return `${live} ${isPending} ${useAuth().user}`
  }
  assert.match(renderToString(<Wrapper><List /></Wrapper>), /connecting true null/)
  assert.deepEqual(server.asked, [])
})

test('what can’t be meant is an error of the query, and no end of the page', async () => {
  const { server, wrapper } = begin()
  const said = mock.method(console, 'error')
  const nobody = undefined as unknown as string
  const all = renderHook(() => useTasks({ where: {} }), { wrapper })
  await waitFor(() => assert.equal(all.result.current.data?.length, 2))
  server.asked.length = 0
  const { result } = renderHook(() => [useTasks({ where: { projectId: nobody } }), useInfiniteTasks({ where: { projectId: nobody } }), useTask('..'), useTask('')] as const, { wrapper })
  for (const i of [0, 1, 2, 3] as const) await waitFor(() => assert.equal(result.current[i].error?.code, 'client/argument', String(i)))
  assert.deepEqual([result.current[0].data, server.asked.filter((a) => a.startsWith('GET')), said.mock.calls.map((c) => c.arguments)], [undefined, [], []])
  said.mock.restore()
})

class Boundary extends Component<{ onReset: () => void; children: ReactNode }, { err?: Error | undefined }> {
  override state: { err?: Error | undefined } = {}
  static getDerivedStateFromError = (err: Error) => ({ err })
  override render(): ReactNode {
    const again = () => (this.props.onReset(), this.setState({ err: undefined }))
    return this.state.err ? <button onClick={again}>{this.state.err.message}</button> : this.props.children
  }
}

test('what goes wrong before there are rows reaches the error boundary, and is tried again from there', async () => {
  const { server, wrapper } = begin()
  const said = mock.method(console, 'error', () => undefined)
  server.state.down = server.state.deaf = true
  function List(): ReactNode {
    return <p>{titles(useSuspenseTasks().data)}</p>
  }
  render(
    <QueryErrorResetBoundary>
      {({ reset }) => (
        <Boundary onReset={reset}>
          <Suspense fallback="…">
            <List />
          </Suspense>
        </Boundary>
      )}
    </QueryErrorResetBoundary>,
    { wrapper },
  )
  const button = await screen.findByRole('button')
  assert.match(button.textContent!, /can’t be reached/)
  server.state.down = server.state.deaf = false
  act(() => button.click())
  await screen.findByText('Task 1,Task 2')
  said.mock.restore()
})

test('what a server rendered is taken over without a word', async () => {
  const { wrapper: Wrapper } = begin()
  const said = mock.method(console, 'error')
  function List(): ReactNode {
    const [{ data }, { user }] = [useTasks(), useAuth()]
    return <p>{titles(data) ?? user?.name ?? '…'}</p>
  }
  const page = <Wrapper><Suspense fallback="…"><List /></Suspense></Wrapper>
  const at = document.body.appendChild(document.createElement('div'))
  at.innerHTML = renderToString(page)
  const hydrated = await act(async () => hydrateRoot(at, page))
  await waitFor(() => assert.equal(at.textContent, 'Task 1,Task 2'))
  assert.deepEqual(said.mock.calls.map((c) => c.arguments[0]), [])
  act(() => hydrated.unmount())
  said.mock.restore()
})
