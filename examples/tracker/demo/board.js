// A task board that shows at once what happens in other windows. The board is a live
// list of the REST API; who is here, and what they are editing, a channel. What is
// done here is shown before the server knows of it, and is sent until it does.
import { attend, follow, request, signIn, unreachable } from './live.js'

const $ = (selector, within = document) => within.querySelector(selector)
const clone = (id) => $(`#${id}`).content.firstElementChild.cloneNode(true)

const statuses = { TODO: 'To do', DOING: 'Doing', DONE: 'Done' }
const priorities = { LOW: 'Low', NORMAL: '', HIGH: 'High' }
const limit = 500 // tasks on the board

let me // who has signed in
let people = new Map() // names of the organization's members by id
let project = ''
let left = new AbortController() // ends what follows the project that is shown

// The rows as the server tells them, in its order, and what was done here that they do
// not show yet. A write stays until a row of its version has come.
let rows = []
let gone = new Set() // ids of deleted rows
let writes = []

// ---- What is shown

const columns = new Map()
const cards = new Map()

for (const [status, name] of Object.entries(statuses)) {
  const column = clone('column')
  column.dataset.status = status
  $('h2 span', column).textContent = name
  $('input', column).setAttribute('aria-label', `Add a task to ${name}`)
  $('form', column).onsubmit = (event) => {
    event.preventDefault()
    const input = $('input', column)
    if (input.value.trim()) create(input.value.trim(), status)
    input.value = ''
  }
  column.ondragover = (event) => {
    if (!event.dataTransfer.types.includes('text/x-task')) return
    event.preventDefault()
    column.classList.add('over')
  }
  column.ondragleave = (event) => column.contains(event.relatedTarget) || column.classList.remove('over')
  column.ondrop = (event) => {
    event.preventDefault()
    column.classList.remove('over')
    move(event.dataTransfer.getData('text/x-task'), status)
  }
  columns.set(status, column)
  $('#board').append(column)
}

// tasks are the rows as they are once all that was done here is done.
function tasks() {
  let all = rows
  for (const w of writes) {
    if (w.method === 'POST' && w.body.projectId === project && !gone.has(w.id) && !all.some((t) => t.id === w.id)) all = [{ priority: 'NORMAL', ...w.body }, ...all]
    if (w.method === 'PATCH') all = all.map((t) => (t.id === w.id ? { ...t, ...w.body } : t))
    if (w.method === 'DELETE') all = all.filter((t) => t.id !== w.id)
  }
  return all
}

// render makes the page show the tasks, and moves what has another place now.
function render() {
  const all = tasks()
  const places = new Map([...cards].map(([id, card]) => [id, card.getBoundingClientRect()]))
  const focused = document.activeElement
  for (const [id, card] of cards) {
    if (all.some((t) => t.id === id)) continue
    card.remove()
    cards.delete(id)
  }
  for (const [status, column] of columns) {
    const list = $('ol', column)
    const own = all.filter((t) => t.status === status)
    $('h2 small', column).textContent = own.length
    own.forEach((task, i) => {
      const card = cards.get(task.id) ?? newCard(task.id)
      show(card, task)
      if (list.children[i] !== card) list.insertBefore(card, list.children[i] ?? null)
    })
  }
  if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true })
  for (const [id, card] of cards) glide(card, places.get(id))
}

function show(card, task) {
  card.classList.toggle('unsent', writes.some((w) => w.id === task.id && !w.done))
  $('.title', card).textContent = task.title
  $('.rename', card).setAttribute('aria-label', `Title of ${task.title}`)
  const editors = others().filter((c) => c.state?.task === task.id && people.has(c.user)).map((c) => people.get(c.user).split(' ')[0])
  $('.editing', card).hidden = editors.length === 0
  $('.editing', card).textContent = `${[...new Set(editors)].join(', ')} editing…`
  $('.priority', card).textContent = priorities[task.priority]
  $('.priority', card).dataset.priority = task.priority
  draw($('.face', card), task.assigneeId, 'Assigned to ')
  $('select', card).value = task.status
  $('select', card).setAttribute('aria-label', `Status of ${task.title}`)
  $('.delete', card).setAttribute('aria-label', `Delete ${task.title}`)
}

// draw makes a face of a user's initials.
function draw(face, user, before = '') {
  const name = people.get(user)
  face.hidden = !name
  if (!name) return
  face.textContent = name.split(' ').map((word) => word[0]).join('').slice(0, 2)
  face.title = before + name
  face.setAttribute('aria-label', before + name)
  face.dataset.colour = [...people.keys()].indexOf(user) % 6
}

function newCard(id) {
  const card = clone('card')
  card.dataset.id = id
  cards.set(id, card)
  const title = $('.title', card)
  const input = $('.rename', card)
  const renaming = (is) => {
    if (is) input.value = title.textContent
    title.hidden = is
    input.hidden = !is
    card.draggable = !is // a drag in the input selects its text
    edit(is ? id : null)
  }
  title.onclick = () => {
    renaming(true)
    input.select()
  }
  input.onkeydown = (event) => {
    if (event.key === 'Escape') input.value = title.textContent
    if (event.key === 'Escape' || event.key === 'Enter') {
      input.blur()
      title.focus()
    }
  }
  input.onblur = () => {
    if (input.hidden || !card.isConnected || document.activeElement === input) return
    if (input.value.trim() && input.value.trim() !== title.textContent) rename(id, input.value.trim())
    renaming(false)
  }
  $('select', card).onchange = (event) => move(id, event.target.value)
  $('.delete', card).onclick = () => {
    const next = card.nextElementSibling ?? card.previousElementSibling
    const input = $('form input', card.closest('section'))
    remove(id)
    ;(next ? $('.title', next) : input).focus() // who uses a keyboard goes on from there
  }
  card.ondragstart = (event) => {
    event.dataTransfer.setData('text/x-task', id)
    event.dataTransfer.effectAllowed = 'move'
    card.classList.add('dragged')
  }
  card.ondragend = () => card.classList.remove('dragged')
  return card
}

const still = matchMedia('(prefers-reduced-motion: reduce)')

// glide lets a card that has another place move there.
function glide(card, from) {
  const to = card.getBoundingClientRect()
  if (still.matches || !from || (from.x === to.x && from.y === to.y)) return
  card.animate({ transform: [`translate(${from.x - to.x}px, ${from.y - to.y}px)`, 'none'] }, { duration: 220, easing: 'ease-out' })
}

// highlight shows for a moment what another window has changed.
function highlight(ids) {
  for (const id of ids) {
    const card = cards.get(id)
    if (!card) continue
    card.classList.remove('changed')
    void card.offsetWidth // begins anew where it is highlighted already
    card.classList.add('changed')
    card.onanimationend = () => card.classList.remove('changed')
  }
}

let silence

function say(text) {
  $('#said').textContent = text
  clearTimeout(silence)
  silence = setTimeout(() => ($('#said').textContent = ''), 6000)
}

function state(name) {
  $('#state').dataset.state = name
  const text = { live: 'live', full: 'open in too many windows', off: 'offline' }[name] ?? 'reconnecting…'
  if ($('#state').textContent !== text) $('#state').textContent = text
}

// ---- What is done here

const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, '0')).join('')

function create(title, status) {
  const id = newID() // made here, so that the row is known when it comes back
  write({ method: 'POST', id, path: '/api/tasks', body: { id, title, status, projectId: project } })
}
const change = (id, body) => write({ method: 'PATCH', id, path: `/api/tasks/${encodeURIComponent(id)}`, body })
const rename = (id, title) => change(id, { title })
const remove = (id) => write({ method: 'DELETE', id, path: `/api/tasks/${encodeURIComponent(id)}` })

function move(id, status) {
  const task = tasks().find((t) => t.id === id)
  if (task && task.status !== status) change(id, { status })
}

function write(w) {
  writes.push({ ...w, key: newID() }) // the key makes it safe to send again
  render()
  send()
}

let sending = false

// send sends what was done, one after the other, each until the server has answered.
async function send() {
  if (sending) return
  sending = true
  for (let w, tries = 0; (w = writes.find((w) => !w.done)); ) {
    try {
      const answer = await request(w.path, { method: w.method, body: w.body, headers: { 'Idempotency-Key': w.key } })
      w.done = true
      w.version = answer?.version
      tries = 0
    } catch (err) {
      if (await unreachable(err, tries++)) continue
      writes = writes.filter((other) => other !== w && (w.method !== 'POST' || other.id !== w.id))
      say({ 403: 'This task is not yours to change.', 404: 'That task is not there any more.' }[err.status] ?? err.message)
      tries = 0
    }
    settle()
    render()
  }
  sending = false
}

// settle forgets what the rows show.
function settle() {
  writes = writes.filter((w) => {
    if (!w.done) return true
    const row = rows.find((t) => t.id === w.id)
    if (w.method === 'DELETE') return row
    if (w.method === 'POST') return !row && !gone.has(w.id)
    return row ? row.version < w.version : writes.some((other) => other.id === w.id && other.method === 'POST')
  })
}

// ---- What others do

const mine = (row) => writes.some((w) => w.id === row.id && (!w.done || w.version === row.version))

// hear takes an event of the live list. What is told a second time does no harm.
function hear(kind, data) {
  let changed = []
  if (kind === 'rows') {
    const known = new Map(rows.map((t) => [t.id, t.version]))
    if (known.size) changed = data.items.filter((t) => known.get(t.id) !== t.version && !mine(t)).map((t) => t.id)
    rows = data.items
    writes = writes.filter((w) => !w.before) // the rows are later than these
  } else if (['insert', 'update', 'delete', 'remove'].includes(kind)) {
    rows = rows.filter((t) => t.id !== data.id)
    if (data.row) {
      if (!mine(data.row)) changed = [data.id]
      rows.splice(data.index, 0, data.row)
    }
    if (kind === 'delete') gone.add(data.id)
  }
  settle()
  render()
  highlight(changed)
}

// resumes tells whether to go on after the last event. A row that was made here and
// has not come back may have been deleted since, of which nothing would tell.
function resumes() {
  for (const w of writes) w.before = w.done
  return !writes.some((w) => w.done)
}

let you // this connection in the channel
let here = new Map() // user and state of all connections

const others = () => [...here].filter(([ref]) => ref !== you).map(([, connection]) => connection)

// meet takes an event of the channel.
function meet(kind, data) {
  if (kind === 'presence') {
    you = data.you
    here = new Map(data.here.flatMap(({ user, connections }) => connections.map(({ ref, state }) => [ref, { user, state }])))
  }
  if (kind === 'join' || kind === 'state') here.set(data.ref, data)
  if (kind === 'leave') here.delete(data.ref)
  $('#here').replaceChildren(...[...new Set(others().map((c) => c.user))].map((user) => {
    const item = document.createElement('li')
    const face = item.appendChild(document.createElement('span'))
    face.className = 'face'
    face.setAttribute('role', 'img')
    draw(face, user)
    return item
  }))
  render()
}

let edit = () => {} // shows the others what is edited here

// ---- Coming and going

// enter shows a project for as long as the page can be seen: a browser has six
// connections to a server for all of its windows, WebSockets aside.
function enter(id) {
  if (id !== project) {
    rows = []
    gone = new Set()
    project = id
    render()
  }
  left.abort()
  left = new AbortController()
  const { signal } = left
  meet('presence', { here: [] })
  const fields = 'id,title,status,priority,assigneeId,version'
  follow(`/api/tasks?projectId=${encodeURIComponent(id)}&sort=-createdAt&limit=${limit}&fields=${fields}`, { signal, hear, state, resumes })
    .catch((err) => { state('off'); say(err.message) })
  const show = attend(`board:${id}`, { signal, hear: meet })
  edit = (task) => show({ task })
}

async function open(email) {
  state('reconnecting')
  me = await signIn(email)
  sessionStorage.setItem('me', email) // of this window alone, so that another may be somebody else
  const [users, projects] = await Promise.all([request('/api/users?fields=id,name&limit=100'), request('/api/projects?fields=id,name&archived=false&sort=name&limit=100')])
  people = new Map(users.items.map((u) => [u.id, u.name]))
  $('#organization').textContent = me.organization.name
  document.title = `${me.user.name} – ${me.organization.name}`
  $('#leave').textContent = me.user.name
  $('#leave').title = 'Be somebody else'
  $('#project').replaceChildren(...projects.items.map((p) => new Option(p.name, p.id)))
  $('#door').hidden = true
  $('header').hidden = $('#board').hidden = false
  const wanted = sessionStorage.getItem('project')
  if (projects.items.some((p) => p.id === wanted)) $('#project').value = wanted
  enter($('#project').value)
}

function close() {
  left.abort()
  sessionStorage.clear()
  location.reload()
}

async function begin() {
  const email = sessionStorage.getItem('me')
  $('#door').hidden = !!email
  if (email) await open(email).catch((err) => { say(err.message); $('#door').hidden = false })
}

$('#door').onclick = (event) => {
  const button = event.target.closest('button')
  if (button) open(button.value).catch((err) => say(err.message))
}
$('#leave').onclick = close
$('#project').onchange = (event) => {
  sessionStorage.setItem('project', event.target.value)
  enter(event.target.value)
}
document.addEventListener('visibilitychange', () => {
  if (!me || !project) return
  if (document.hidden) left.abort()
  else enter(project)
})
begin()
