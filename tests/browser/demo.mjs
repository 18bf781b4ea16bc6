// Opens /demo in two windows, as two people of one organization, and looks at each for
// what the other does: before, while and after the server is stopped, asked to and
// killed. Run by demo_test.go: node demo.mjs URL CHROMIUM [DIRECTORY]. It says on its
// standard output what is to be done with the server, and reads on its input that it
// was done.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const [url, executablePath, directory = ''] = process.argv.slice(2)
if (directory) mkdirSync(directory, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const soon = 1000 // milliseconds in which one window shows what the other does, as a rule: machines that test are slow
const delays = [] // milliseconds that it took
const faults = []
const resumed = [] // ids of the last events that pages went on after
const done = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// server has something done with the server, and waits until it was.
async function server(what) {
  console.log(what)
  assert.equal((await done.next()).value, what)
}

async function open(name) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000) // milliseconds; machines that test are slow
  page.on('pageerror', (err) => faults.push(`${name}: ${err}`))
  page.on('console', (m) => m.type() === 'error' && !/ERR_|status of 5|response code: 5/.test(m.text()) && faults.push(`${name}: ${m.text()}`))
  page.on('response', (r) => {
    const last = r.request().headers()['last-event-id']
    if (last && r.ok()) resumed.push(`${name} ${last}`)
  })
  await page.goto(url + '/demo')
  return page
}

async function enter(page, name) {
  await page.getByRole('button', { name }).click()
  await page.getByRole('status').filter({ hasText: /^live$/ }).waitFor()
  await page.evaluate(() => {
    window.loads = 'once'
    window.states = []
    window.highlighted = []
    document.addEventListener('animationstart', (e) => e.animationName === 'flash' && window.highlighted.push(e.target.querySelector('.title').textContent))
    const state = document.querySelector('#state')
    new MutationObserver(() => window.states.push([state.textContent, Date.now()])).observe(state, { childList: true })
  })
}

// seen asks axe about a page, in light and in dark, and photographs it.
async function seen(page, name) {
  await page.evaluate(axe)
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const found = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }))
    for (const v of found.violations) faults.push(`${name}, ${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) faults.push(`${name}: ${wide} px too wide at ${width}`)
      if (directory) await page.screenshot({ path: `${directory}/demo-${name}-${width}-${colorScheme}.png` })
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
}

const column = (page, status) => page.locator(`section[data-status=${status}]`)
const card = (page, title) => page.locator('ol > li').filter({ has: page.locator('.title', { hasText: new RegExp(`^${title}$`) }) })

async function add(page, status, title) {
  await column(page, status).getByPlaceholder('Add a task').fill(title)
  await page.keyboard.press('Enter')
}

async function rename(page, from, to) {
  await card(page, from).locator('.title').click()
  await page.keyboard.type(to)
  await page.keyboard.press('Enter')
}

async function timed(waiting) {
  const began = Date.now()
  await waiting
  delays.push(Date.now() - began)
}
const appears = (page, status, title) => timed(column(page, status).locator(card(page, title)).waitFor())
const disappears = (page, title) => timed(card(page, title).waitFor({ state: 'detached' }))

// eachSeesTheOther has one window do everything, and the other show it.
async function eachSeesTheOther(doer, watcher, name) {
  await add(doer, 'TODO', name)
  await appears(watcher, 'TODO', name)
  await rename(doer, name, `${name}, renamed`)
  await appears(watcher, 'TODO', `${name}, renamed`)
  await watcher.waitForFunction((title) => window.highlighted.includes(title), `${name}, renamed`)
  await card(doer, `${name}, renamed`).dragTo(column(doer, 'DOING').locator('h2'))
  await appears(watcher, 'DOING', `${name}, renamed`)
  await doer.getByLabel(`Status of ${name}, renamed`).focus()
  await doer.keyboard.press('ArrowDown')
  await appears(watcher, 'DONE', `${name}, renamed`)
  assert.equal(await doer.evaluate(() => document.activeElement.tagName), 'SELECT', 'the focus goes with the card')
  await doer.getByRole('button', { name: `Delete ${name}, renamed` }).click()
  await disappears(watcher, `${name}, renamed`)
}

const shown = (page) => page.evaluate(() => [...document.querySelectorAll('ol > li')].map((li) => `${li.closest('section').dataset.status} ${li.querySelector('.title').textContent} ${li.dataset.id}`).sort())

const json = (path, init) => fetch(url + path, init).then((r) => r.json())

// reader signs in, and returns how to read what is stored.
async function reader() {
  const { accessToken } = await json('/auth/sign-in', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery' }) })
  return async () => {
    const { items } = await json('/api/tasks?projectId=engine&limit=1000&fields=id,title,status', { headers: { Authorization: `Bearer ${accessToken}` } })
    return items.map((t) => `${t.status} ${t.title} ${t.id}`).sort()
  }
}

// agree waits until the pages show what is stored, and no write is on its way.
async function agree(...pages) {
  const stored = await reader()
  let want, got
  for (const began = Date.now(); Date.now() - began < 20_000; await pages[0].waitForTimeout(50)) {
    if ((await pages[0].locator('.unsent').count()) > 0) continue
    want = await stored()
    got = await Promise.all(pages.map(shown))
    if (got.every((g) => g.join('\n') === want.join('\n'))) return want
  }
  for (const g of got) assert.deepEqual(g, want)
  assert.fail('writes are still on their way')
}

// restart stops the server, and starts it again, while ada goes on as if nothing were.
async function restart(how) {
  for (const page of [ada, grace]) await page.evaluate(() => (window.states = []))
  let n = 0
  let over = false
  const busy = (async () => {
    for (; !over || n < 12; n++) {
      await add(ada, 'TODO', `${how} ${n}`)
      if (n % 6 === 1) await rename(ada, `${how} ${n - 1}`, `${how} ${n - 1} renamed`)
      if (n % 6 === 2) await ada.getByLabel(`Status of ${how} ${n - 1}`).selectOption('DONE')
      if (n % 6 === 5) await ada.getByRole('button', { name: `Delete ${how} ${n}` }).click()
      await ada.waitForTimeout(30)
    }
  })()
  await ada.waitForTimeout(300)
  await server(how)
  for (const page of [ada, grace]) await page.getByRole('status').filter({ hasText: 'reconnecting…' }).waitFor()
  if (directory) await seen(grace, 'reconnecting')
  resumed.length = 0
  await server('start')
  for (const page of [ada, grace]) await page.getByRole('status').filter({ hasText: /^live$/ }).waitFor()
  over = true
  await busy
  const rows = await agree(ada, grace)
  assert.ok(resumed.some((r) => r.startsWith('Grace ')), 'who wrote nothing resumes')
  const titles = rows.map((r) => r.split(' ').slice(1, -1).join(' ')).filter((t) => t.startsWith(how))
  const want = Array.from({ length: n }, (_, i) => i).filter((i) => i % 6 !== 5).map((i) => `${how} ${i}` + (i % 6 === 0 && i + 1 < n ? ' renamed' : ''))
  assert.deepEqual(titles.sort(), want.sort(), 'nothing is lost and nothing is there twice')
  for (const page of [ada, grace]) {
    assert.equal(await page.evaluate(() => window.loads), 'once', 'no page was reloaded')
    assert.equal(await page.locator('#said').textContent(), '', 'nobody was told of an error')
    const states = (await page.evaluate(() => window.states)).map(([text]) => text)
    assert.deepEqual([...new Set(states)], ['reconnecting…', 'live'])
  }
}

const [ada, grace] = [await open('Ada'), await open('Grace')]

async function bothEnter() {
  await seen(ada, 'door')
  await enter(ada, /Ada/)
  await enter(grace, /Grace/)
  for (const page of [ada, grace]) {
    await page.getByLabel('Project').selectOption('Engine')
    await page.getByRole('button', { name: 'Simplify the keyboard shortcuts', exact: true }).waitFor()
  }
}

async function theyMeet() {
  await ada.getByLabel('Also here').getByLabel('Grace Hopper').waitFor()
  await grace.getByLabel('Also here').getByLabel('Ada Lovelace').waitFor()
  await card(grace, 'Design the rate limits').locator('.title').click()
  await ada.getByText('Grace editing…').waitFor()
  await seen(ada, 'board')
  await grace.keyboard.press('Escape')
  await ada.getByText('Grace editing…').waitFor({ state: 'hidden' })
}

const adaWorks = () => eachSeesTheOther(ada, grace, 'From Ada')
const graceWorks = () => eachSeesTheOther(grace, ada, 'From Grace')
const stopped = () => restart('SIGTERM')
const killed = () => restart('SIGKILL')
const graceWorksOn = () => eachSeesTheOther(grace, ada, 'Afterwards')
const bothAgree = () => agree(ada, grace)

try {
  for (const step of [bothEnter, theyMeet, adaWorks, graceWorks, stopped, killed, graceWorksOn, bothAgree]) {
    const began = Date.now()
    await step().catch((err) => { throw new Error(`${step.name}: ${err.stack}`) })
    if (directory) console.error(step.name, Date.now() - began, 'ms')
  }
  delays.sort((a, b) => a - b)
  if (directory) console.error('delays', delays.join(' '), 'ms')
  assert.ok(delays[delays.length >> 1] < soon, `it takes ${delays} ms until the other window shows it`)
  assert.deepEqual(faults, [])
} finally {
  await browser.close()
}
process.exit() // the input stays open
