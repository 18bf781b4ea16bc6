// How the board talks to the server: requests under a token that is renewed,
// server-sent events that go on after whatever ends a connection, and a channel.

const password = 'correct horse battery' // of everybody in the example
const quiet = 45_000 // milliseconds without a sign of life that end a connection
const longest = 5000 // milliseconds between two attempts

let session, email, renewal

/** signIn answers with the user and their organization. */
export async function signIn(as) {
  email = as
  session = await post('/auth/sign-in', { email, password })
  return session
}

async function post(path, body) {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw await problem(answer)
  return answer.json()
}

// renew gets new tokens for one that does not hold any more, once however many ask. A
// session that has ended is begun anew.
async function renew(token) {
  if (token !== session.accessToken) return
  renewal ??= post('/auth/refresh', { refreshToken: session.refreshToken })
    .catch((err) => { if (!refused(err)) throw err; return post('/auth/sign-in', { email, password }) })
    .then((tokens) => {
      if (tokens.organization.id !== session.organization.id) location.reload() // of a database that was made anew
      session = tokens
    })
    .finally(() => { renewal = null })
  await renewal
}

// authorized is fetch with a token that holds.
async function authorized(path, init) {
  const attempt = (token) => fetch(path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } })
  const token = session.accessToken
  const answer = await attempt(token)
  if (answer.status !== 401) return answer
  await renew(token)
  return attempt(session.accessToken)
}

async function problem(answer) {
  const { detail, code } = await answer.json().catch(() => ({}))
  return Object.assign(new Error(detail ?? `The server answered ${answer.status}.`), { status: answer.status, code })
}

// refused tells an answer that will be the same the next time.
const refused = (err) => err.status >= 400 && err.status < 500 && ![408, 429].includes(err.status)

/** request sends and gets JSON. What it throws has the status of an answer, if there was one. */
export async function request(path, { method = 'GET', body, headers } = {}) {
  const json = body && { 'Content-Type': 'application/json' }
  const answer = await authorized(path, { method, headers: { ...json, ...headers }, body: body && JSON.stringify(body) })
  if (!answer.ok) throw await problem(answer)
  return answer.status === 204 ? null : answer.json()
}

/** unreachable waits where it makes sense to ask again, and tells whether it does. */
export async function unreachable(err, tries) {
  if (refused(err)) return false
  await pause(tries)
  return true
}

// pause waits longer each time, and never exactly as long as everybody else.
function pause(tries, signal) {
  return new Promise((resolve) => {
    const wait = Math.min(200 * 2 ** tries, longest) * (0.5 + Math.random() / 2)
    const timer = setTimeout(done, wait)
    function done() {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
    addEventListener('online', done)
    signal?.addEventListener('abort', done)
  })
}

// events are those of an answer (WHATWG HTML, "Server-sent events").
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let event = { kind: 'message', data: [] }
  for (;;) {
    const timer = setTimeout(() => reader.cancel(), quiet)
    const { value, done } = await reader.read().finally(() => clearTimeout(timer))
    if (done) return
    const lines = (text + value).split(/\r\n|\n|\r(?!$)/)
    text = lines.pop()
    for (const line of lines) {
      const [, field, content] = /^([^:]*):? ?(.*)$/.exec(line)
      if (line === '') {
        if (event.data.length) yield { ...event, data: JSON.parse(event.data.join('\n')) }
        event = { kind: 'message', data: [] }
      } else if (field === 'event') event.kind = content
      else if (field === 'data') event.data.push(content)
      else if (field === 'id') event.id = content
    }
  }
}

// slot runs fn while it holds one of the connections that a browser has for a server:
// six for all of its windows, of which one is left for requests.
async function slot(signal, full, fn) {
  if (!navigator.locks) return fn()
  for (let tries = 0; !signal.aborted; tries++) {
    for (const n of [1, 2, 3, 4, 5]) {
      const ran = await navigator.locks.request(`stream ${n}`, { ifAvailable: true }, async (lock) => {
        if (lock) await fn()
        return !!lock
      })
      if (ran) return
    }
    full()
    await pause(tries, signal)
  }
}

/**
 * follow hears events until the signal ends it, over as many connections as that
 * takes, each after the last event of the one before where resumes() says so. It
 * throws what the server refuses.
 */
export function follow(path, { signal, hear, state, resumes }) {
  let last = ''
  let tries = 0
  let token
  const connect = async () => {
    if (!resumes()) last = ''
    token = session.accessToken
    const answer = await authorized(path, { signal, headers: { Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) } })
    if (!answer.ok) throw await problem(answer)
    state('live')
    for await (const e of events(answer.body)) {
      if (e.kind === 'error') throw Object.assign(new Error(e.data.message), { code: e.data.code })
      tries = 0
      if (signal.aborted) return
      hear(e.kind, e.data)
      if (e.id) last = e.id
    }
  }
  return slot(signal, () => state('full'), async () => {
    while (!signal.aborted) {
      try {
        await connect()
      } catch (err) {
        if (signal.aborted) return
        if (err.code === 'realtime/expired' && tries++ === 0 && (await renew(token).then(() => true, () => false))) continue
        if (err.code === 'realtime/bad_position' && last) { last = ''; continue }
        if (refused(err)) throw err
      }
      if (signal.aborted) return
      state('reconnecting')
      await pause(tries++, signal)
    }
  })
}

/**
 * attend is in a channel until the signal ends it, and hears what happens there. It
 * returns how to show the others another state.
 */
export function attend(channel, { signal, hear }) {
  let socket
  let shown = {}
  let tries = 0
  const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message))
  const connect = (token) => new Promise((resolve) => {
    socket = new WebSocket(location.origin.replace('http', 'ws') + '/channels', 'loam-channels')
    socket.onopen = () => {
      say({ type: 'auth', authorization: `Bearer ${token}` })
      say({ type: 'join', channel, state: shown })
    }
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data)
      if (event.type === 'presence') tries = 0
      if (event.type === 'ended') socket.close() // and join again under the rights of now
      else if (!signal.aborted) hear(event.type, event)
    }
    socket.onclose = (event) => resolve(event.code)
  })
  signal.addEventListener('abort', () => socket.close())
  void (async () => {
    while (!signal.aborted) {
      const token = session.accessToken
      const code = await connect(token)
      if ([4401, 4403].includes(code)) await renew(token).catch(() => {})
      await pause(tries++, signal)
    }
  })()
  return (state) => {
    shown = state
    say({ type: 'state', channel, state })
  }
}
