// Goes through the app at /demo as newcomers would. Ann signs up, adds a passkey and
// signs in by it, makes an organization and invites Bob, who signs up in a second window
// and joins. Each looks at what the other does: before, while and after the network is
// off, and the server is stopped, asked to and killed. Run by demo_test.go:
// node demo.mjs URL CHROMIUM [DIRECTORY]. It says on its standard output what is to be
// done with the server, and reads on its input that it was done.
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
const soon = 3000 // milliseconds in which one window shows what the other does, as a rule: machines that test are slow
const delays = [] // milliseconds that it took
const faults = []
const password = 'a long enough secret'
const done = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// server has something done with the server, and waits until it was.
async function server(what) {
  console.log(what)
  assert.equal((await done.next()).value, what)
}

// What is not there while the server is stopped, and tokens that a connection asks for when the server
// ends it with the session, a moment before the page that signs out has forgotten them.
const expected = (m) => /ERR_|status of 5|response code: 5/.test(m.text()) || (m.text().includes('status of 401') && m.location().url === url + '/auth/refresh')

async function open(name) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000) // milliseconds; machines that test are slow
  page.on('pageerror', (err) => faults.push(`${name}: ${err}`))
  page.on('console', (m) => m.type() === 'error' && !expected(m) && faults.push(`${name}: ${m.text()} ${m.location().url}`))
  return page
}

// seen asks axe about a page, wide in light and narrow in dark, and photographs it in all four.
let shots = 0
async function seen(page, name) {
  shots++
  await page.evaluate(axe)
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of directory ? [1280, 390] : [colorScheme === 'light' ? 1280 : 390]) {
      await page.setViewportSize({ width, height: 800 })
      const what = `${name} at ${width}, ${colorScheme}`
      const found = await page.evaluate((all) => window.axe.run({ resultTypes: ['violations'], ...(!all && { runOnly: ['color-contrast'] }) }), colorScheme === 'light')
      for (const v of found.violations) faults.push(`${what}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`)
      assert.equal(await page.locator('h1').count(), 1, `${what}: one title`)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) faults.push(`${what}: ${wide} px too wide`)
      if (directory) await page.screenshot({ path: `${directory}/demo-${String(shots).padStart(2, '0')}-${name}-${width}-${colorScheme}.png` })
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const column = (page, name) => page.getByRole('region', { name, exact: true })
const link = (page, title) => page.getByRole('link', { name: title, exact: true })
const card = (page, title) => page.locator('li[data-id]').filter({ has: link(page, title) })
const dialog = (page) => page.getByRole('dialog')
const closed = (page) => page.locator('dialog').waitFor({ state: 'detached' }) // one that is closed is there, unseen, until the page knows
const live = (page) => page.getByRole('status').filter({ hasText: /^live$/ }).waitFor()

async function close(page) {
  await page.keyboard.press('Escape')
  await closed(page)
}

async function add(page, status, title) {
  await column(page, status).getByPlaceholder('Add a task').fill(title)
  await page.keyboard.press('Enter')
}

async function rename(page, from, to) {
  await link(page, from).click()
  await dialog(page).getByLabel('Title').fill(to)
  await page.keyboard.press('Enter')
  await close(page)
}

async function remove(page, title) {
  await link(page, title).click()
  await press(page, 'Delete the task')
  await closed(page)
}

async function push(page, title) {
  await link(page, title).focus()
  await page.keyboard.press('Alt+ArrowRight')
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
  await add(doer, 'To do', name)
  await appears(watcher, 'To do', name)
  await rename(doer, name, `${name}, renamed`)
  await appears(watcher, 'To do', `${name}, renamed`)
  await watcher.waitForFunction((title) => window.highlighted.includes(title), `${name}, renamed`)
  await card(doer, `${name}, renamed`).dragTo(column(doer, 'Doing').locator('h2'))
  await appears(watcher, 'Doing', `${name}, renamed`)
  await push(doer, `${name}, renamed`)
  await appears(watcher, 'Done', `${name}, renamed`)
  await remove(doer, `${name}, renamed`)
  await disappears(watcher, `${name}, renamed`)
}

const json = (path, init) => fetch(url + path, init).then((r) => r.json())
const post = (path, body, token) => json(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }, body: JSON.stringify(body) })

// codeFor is what the mailbox has for an address.
async function codeFor(email) {
  const mailbox = await open('mailbox')
  await mailbox.goto(url + '/_mail')
  await mailbox.locator('nav a', { hasText: email }).filter({ hasText: 'Confirm' }).first().click()
  const code = (await mailbox.locator('.take output').innerText()).trim()
  await mailbox.context().close()
  return code
}

async function signUp(page, name, email) {
  await page.goto(url + '/demo')
  await press(page, 'Create an account')
  await page.getByRole('heading', { name: 'Create an account' }).waitFor()
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  if (name === 'Ann') await seen(page, 'sign-up')
  await press(page, 'Create an account')
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  await page.getByLabel('Code').fill(await codeFor(email))
  await press(page, 'Confirm')
  await page.getByRole('heading', { name: 'No project yet' }).waitFor()
}

// watch has a page note what it shows for a moment.
const watch = (page) =>
  page.evaluate(() => {
    window.loads = 'once'
    window.states = []
    window.highlighted = []
    document.addEventListener('animationstart', (e) => e.animationName.startsWith('flash') && window.highlighted.push(e.target.querySelector('a').textContent))
    const state = document.querySelector('.state')
    new MutationObserver(() => window.states.push(state.textContent)).observe(state, { childList: true, characterData: true, subtree: true })
  })

const shown = (page) => page.evaluate(() => [...document.querySelectorAll('li[data-id]')].map((li) => `${li.closest('section').getAttribute('aria-label')} ${li.querySelector('a').textContent} ${li.dataset.id}`).sort())

// reader signs in as Ann, and returns how to read what is stored.
async function reader() {
  const { accessToken, organization } = await post('/auth/sign-in', { email: 'ann@example.com', password })
  assert.equal(organization.name, 'Apollo')
  const titles = { TODO: 'To do', DOING: 'Doing', DONE: 'Done' }
  return async () => {
    const { items } = await json('/api/tasks?limit=1000&fields=id,title,status', { headers: { Authorization: `Bearer ${accessToken}` } })
    return items.map((t) => `${titles[t.status]} ${t.title} ${t.id}`).sort()
  }
}

// agree waits until the pages show what is stored, and no write is on its way.
async function agree(...pages) {
  const stored = await reader()
  let want, got
  for (const began = Date.now(); Date.now() - began < 60_000; await pages[0].waitForTimeout(50)) {
    if ((await pages[0].locator('.state').getAttribute('data-unsent')) !== '0') continue
    want = await stored()
    got = await Promise.all(pages.map(shown))
    if (got.every((g) => g.join('\n') === want.join('\n'))) return want
  }
  for (const g of got ?? []) assert.deepEqual(g, want)
  assert.fail('writes are still on their way')
}

// restart stops the server, and starts it again, while Ann goes on as if nothing were.
async function restart(how) {
  for (const page of [ann, bob]) await page.evaluate(() => (window.states = []))
  let n = 0
  let over = false
  const busy = (async () => {
    for (; !over || n < 12; n++) {
      await add(ann, 'To do', `${how} ${n}`)
      if (n % 6 === 1) await rename(ann, `${how} ${n - 1}`, `${how} ${n - 1} renamed`)
      if (n % 6 === 2) await push(ann, `${how} ${n - 1}`)
      if (n % 6 === 5) await remove(ann, `${how} ${n}`)
      await ann.waitForTimeout(30)
    }
  })()
  await ann.waitForTimeout(300)
  await server(how)
  for (const page of [ann, bob]) await page.getByRole('status').filter({ hasText: /^connecting…/ }).waitFor()
  if (directory) await seen(bob, 'connecting')
  await server('start')
  for (const page of [ann, bob]) await live(page)
  over = true
  await busy
  const rows = await agree(ann, bob)
  const titles = rows.map((r) => r.match(/^(?:To do|Doing|Done) (.*) \S+$/)[1]).filter((t) => t.startsWith(how))
  const want = Array.from({ length: n }, (_, i) => i).filter((i) => i % 6 !== 5).map((i) => `${how} ${i}` + (i % 6 === 0 && i + 1 < n ? ' renamed' : ''))
  assert.deepEqual(titles.sort(), want.sort(), 'nothing is lost and nothing is there twice')
  for (const page of [ann, bob]) {
    assert.equal(await page.evaluate(() => window.loads), 'once', 'no page was reloaded')
    assert.equal(await page.locator('.said').textContent(), '', 'nobody was told of an error')
    const states = (await page.evaluate(() => window.states)).map((text) => text.replace(/ \d+ unsent/, ''))
    assert.deepEqual([...new Set(states)], ['connecting…', 'live'])
  }
}

const [ann, bob] = [await open('Ann'), await open('Bob')]

// One click, and there is a board with something on it.
async function aFirstLook() {
  const ada = await open('Ada')
  await ada.goto(url + '/demo')
  await ada.getByRole('heading', { name: 'Look around as one of these' }).waitFor()
  await seen(ada, 'door')
  await ada.getByRole('button', { name: /Alan Turing/ }).click()
  await live(ada)
  await ada.getByRole('link', { name: /Engine/ }).click()
  await link(ada, 'Simplify the keyboard shortcuts').waitFor()
  await seen(ada, 'board')
  await ada.getByLabel('Search tasks').fill('keyboard short')
  await link(ada, 'Simplify the keyboard shortcuts').waitFor()
  await seen(ada, 'search')
  await link(ada, 'Simplify the keyboard shortcuts').click()
  await dialog(ada).getByText('You may comment.').waitFor()
  assert.equal(await dialog(ada).getByLabel('Status').isEnabled(), false, 'of others, members change nothing')
  assert.equal(new URL(ada.url()).pathname, '/demo/engine/eng-1')
  await ada.reload()
  await dialog(ada).getByText('Can we do this after the release?').waitFor()
  await seen(ada, 'task')
  await press(ada, 'Close')
  await closed(ada)
  await ada.goBack()
  await dialog(ada).waitFor()
  await ada.context().close()
}

async function annSignsUp() {
  await signUp(ann, 'Ann', 'ann@example.com')
  await seen(ann, 'empty')
}

async function aPasskey() {
  const devtools = await ann.context().newCDPSession(ann)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  await press(ann, 'Account: Ann')
  await ann.getByRole('menuitem', { name: 'Passkeys' }).click()
  await ann.getByText('You have none yet.').waitFor()
  await press(ann, 'Add a passkey')
  await ann.getByRole('button', { name: /^Remove / }).waitFor()
  await seen(ann, 'passkeys')
  await close(ann)
  const touches = (enabled) => devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  await touches(false)
  await press(ann, 'Account: Ann')
  await ann.getByRole('menuitem', { name: 'Sign out' }).click()
  await ann.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await touches(true) // as if it were picked from the suggestions of the address
  await ann.reload()
  await ann.getByRole('heading', { name: 'No project yet' }).waitFor()
}

async function anExample() {
  await press(ann, 'Begin with an example')
  await link(ann, 'Invite somebody').waitFor()
  await seen(ann, 'example')
}

async function anOrganization() {
  await ann.getByRole('button', { name: /^Organization: / }).click()
  await ann.getByRole('menuitem', { name: 'Create an organization' }).click()
  await dialog(ann).getByLabel('Name').fill('Apollo')
  await press(ann, 'Create')
  await ann.getByRole('button', { name: 'Organization: Apollo' }).waitFor()
  await press(ann, 'New project')
  await dialog(ann).getByLabel('Name').fill('Landing')
  await dialog(ann).getByLabel(/^Code/).fill('land')
  await seen(ann, 'new-project')
  await press(ann, 'Create the project')
  await ann.getByText('Write the first task above.').waitFor()
  await seen(ann, 'first-board')
  await press(ann, 'Invite people')
  await dialog(ann).getByLabel('Email').fill('bob@example.com')
  await press(ann, 'Send the invitation')
  await dialog(ann).getByText('bob@example.com is invited.').waitFor()
  await seen(ann, 'members')
  await close(ann)
}

async function bobJoins() {
  await signUp(bob, 'Bob', 'bob@example.com')
  await bob.getByText('Ann invites you to Apollo, as member.').waitFor()
  await seen(bob, 'invited')
  await press(bob, 'Join Apollo')
  await bob.getByRole('heading', { name: 'Landing' }).waitFor()
  for (const page of [ann, bob]) {
    await live(page)
    await watch(page)
  }
}

async function theyMeet() {
  await ann.getByLabel('Also here').getByLabel('Bob').waitFor()
  await bob.getByLabel('Also here').getByLabel('Ann').waitFor()
  await add(ann, 'To do', 'Find a place to land')
  await card(bob, 'Find a place to land').waitFor()
  assert.equal(await card(bob, 'Find a place to land').getAttribute('draggable'), 'false', 'it is not his to move')
  await link(bob, 'Find a place to land').click()
  await ann.getByLabel('Looking at Find a place to land').getByLabel('Bob').waitFor()
  await link(ann, 'Find a place to land').click()
  await ann.getByLabel('Also looking at this task').getByLabel('Bob').waitFor()
  await bob.getByLabel('Write a comment').fill('The sea is quiet.')
  await bob.keyboard.press('Enter')
  await dialog(ann).getByText('The sea is quiet.').waitFor()
  await dialog(ann).getByLabel('Assignee').selectOption('Bob')
  await dialog(bob).getByLabel('Priority').selectOption('High')
  await card(ann, 'Find a place to land').getByText('high').waitFor()
  await seen(ann, 'task-of-two')
  for (const page of [ann, bob]) await close(page)
}

const annWorks = () => eachSeesTheOther(ann, bob, 'From Ann')
const bobWorks = () => eachSeesTheOther(bob, ann, 'From Bob')

// What is done without a network is shown, and arrives once there is one.
async function offlineAndBack() {
  await ann.context().setOffline(true)
  await ann.getByRole('status').filter({ hasText: /^connecting…$/ }).waitFor()
  await add(ann, 'To do', 'Written at sea')
  await card(ann, 'Written at sea').dragTo(column(ann, 'Doing').locator('h2'))
  await column(ann, 'Doing').locator(card(ann, 'Written at sea')).waitFor()
  await ann.getByRole('status').filter({ hasText: 'connecting… 2 unsent' }).waitFor()
  await add(bob, 'To do', 'Written ashore')
  if (directory) await seen(ann, 'offline')
  assert.equal(await card(bob, 'Written at sea').count(), 0)
  await ann.context().setOffline(false)
  await live(ann)
  await column(bob, 'Doing').locator(card(bob, 'Written at sea')).waitFor()
  await column(ann, 'To do').locator(card(ann, 'Written ashore')).waitFor()
}

const stopped = () => restart('SIGTERM')
const killed = () => restart('SIGKILL')
const bobWorksOn = () => eachSeesTheOther(bob, ann, 'Afterwards')
const bothAgree = () => agree(ann, bob)

try {
  for (const step of [aFirstLook, annSignsUp, aPasskey, anExample, anOrganization, bobJoins, theyMeet, annWorks, bobWorks, offlineAndBack, stopped, killed, bobWorksOn, bothAgree]) {
    const began = Date.now()
    await step().catch(async (err) => {
      if (directory) for (const [name, page] of Object.entries({ ann, bob })) await page.screenshot({ path: `${directory}/demo-failed-${name}.png` })
      throw new Error(`${step.name}: ${err.stack}\n${faults.join('\n')}`)
    })
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
