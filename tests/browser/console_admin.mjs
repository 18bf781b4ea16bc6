// Does in the console what an admin does to users, keys and mail, and asks the API as
// somebody else; then looks at each of these pages. Run by console_admin_test.go:
// node console_admin.mjs URL CHROMIUM [DIRECTORY]
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const [url, executablePath, directory = ''] = process.argv.slice(2)
if (directory) mkdirSync(directory, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const faults = []
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', locale: 'en-GB' })
const page = await context.newPage()
page.setDefaultTimeout(60_000) // milliseconds; machines that test are slow
page.on('pageerror', (err) => faults.push(`${page.url()}: ${err}`))
page.on('console', (m) => m.type() === 'error' && !/status of (400|401|403|404)/.test(m.text()) && faults.push(`${page.url()}: ${m.text()}`))

const password = 'correct horse battery'
const post = (path, body, headers = {}) => fetch(url + path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) })
const signIn = (email) => post('/auth/sign-in', { email, password })
const button = (name) => page.getByRole('button', { name, exact: true })
const dialog = page.getByRole('dialog')
const heading = (name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

// go follows the navigation, as whoever is acted as: a reload would end that.
async function go(name) {
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name, exact: true }).click()
  await heading(name)
}

async function enter() {
  await page.goto(url + '/account/sign-in')
  await page.evaluate(([email, password]) => fetch('/auth/sign-in', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Loam-Session': 'cookie' }, body: JSON.stringify({ email, password }) }), ['root@example.com', password])
  await page.goto(url + '/console/users')
  await heading('Users')
}

async function userIsDisabled() {
  await page.getByLabel('Name or address').fill('alan')
  await page.getByRole('row').filter({ hasText: 'Grace Hopper' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Alan Turing' }).click()
  await heading('Alan Turing')
  assert.equal((await signIn('alan@example.com')).status, 200)
  await button('What can be done').click()
  await page.getByRole('menuitem', { name: 'Disable…' }).click()
  await dialog.getByRole('button', { name: 'Disable' }).click()
  await page.getByText('Alan Turing is out, on every door').waitFor()
  await page.locator('.badge', { hasText: 'disabled' }).waitFor()
  assert.equal((await signIn('alan@example.com')).status, 403, 'who is disabled can’t sign in')
  await button('What can be done').click()
  await page.getByRole('menuitem', { name: 'Enable' }).click()
  await dialog.getByRole('button', { name: 'Enable' }).click()
  await page.locator('.badge', { hasText: 'disabled' }).waitFor({ state: 'detached' })
  assert.equal((await signIn('alan@example.com')).status, 200)
}

async function mailIsRead() {
  await go('Mailbox')
  await post('/auth/password/forgot', { email: 'grace@example.com' })
  await page.getByRole('button', { name: /grace@example\.com/ }).click()
  await page.getByRole('article').getByText('Reset your password').waitFor()
  const code = /\d{6}/.exec(await page.getByRole('button', { name: /Copy the code/ }).textContent())[0]
  await page.frameLocator('iframe').getByText(code, { exact: true }).waitFor()
  await page.getByRole('tab', { name: 'Text' }).click()
  assert.match(await page.getByLabel('The message as text').textContent(), new RegExp(code))
  assert.match(await page.getByRole('link', { name: 'Open the link' }).getAttribute('href'), /\/account\/reset#token=/)
  await button('Delete the message').click()
  await page.getByRole('article').waitFor({ state: 'detached' })
}

async function keyIsMade() {
  await go('Organizations')
  await page.getByRole('link', { name: 'Acme' }).click()
  await heading('Acme')
  await page.getByRole('tab', { name: 'API keys' }).click()
  await button('New key').click()
  await dialog.getByLabel('Name').fill('deploy')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  const key = (await dialog.locator('.secret').textContent()).trim()
  const answered = async () => (await fetch(url + '/api/tasks?limit=1', { headers: { 'X-Api-Key': key } })).status
  assert.notEqual(await answered(), 401)
  await dialog.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('row').filter({ hasText: 'deploy' }).getByRole('button', { name: 'Revoke' }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('deploy opens nothing any more').waitFor()
  assert.equal(await answered(), 401, 'a key that is revoked opens nothing')
}

// organizationIsManaged does to an organization that the admin is no member of what its
// owner may: each is looked at from the other side, by whom it is done to.
async function organizationIsManaged() {
  const inside = async (token) => (await (await fetch(url + '/auth/me', { headers: { Authorization: `Bearer ${token}` } })).json()).organization?.role
  const tab = (name) => page.getByRole('tab', { name, exact: true }).click()
  const row = (text) => page.getByRole('row').filter({ hasText: text })
  await tab('Invitations')
  await button('Invite').click()
  await dialog.getByLabel('E-mail address').fill('katherine@example.com')
  await dialog.getByLabel('Role').selectOption('admin')
  await dialog.getByRole('button', { name: 'Send it' }).click()
  await row('katherine@example.com').getByRole('button', { name: 'Send again' }).click()
  await page.getByText('on its way to katherine@example.com again').waitFor()
  let mails = { items: [] }
  for (let tries = 0; tries < 300 && mails.items.length < 2; tries++) {
    mails = await (await fetch(url + '/_mail/messages?to=katherine@example.com')).json()
    await page.waitForTimeout(100)
  }
  assert.equal(mails.items.length, 2)
  await row('katherine@example.com').getByRole('button', { name: 'Revoke' }).click()
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await row('katherine@example.com').waitFor({ state: 'detached' })
  const token = new URL((await (await fetch(`${url}/_mail/messages/${mails.items[0].id}`)).json()).link).hash.split('=')[1]
  assert.equal((await fetch(`${url}/auth/invitations?token=${token}`)).status, 404, 'what is revoked invites nobody')
  await tab('Teams')
  await button('New team').click()
  await dialog.getByLabel('Name').fill('Design')
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await row('Design').getByRole('button', { name: 'Members' }).click()
  await dialog.getByRole('button', { name: 'Put a member in' }).click()
  await page.getByRole('option', { name: /Grace Hopper/ }).click()
  await dialog.getByRole('row').filter({ hasText: 'Grace Hopper' }).waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await tab('Members')
  const grace = (await (await signIn('grace@example.com')).json()).accessToken
  await page.getByLabel('Role of Grace Hopper').selectOption('admin')
  await page.getByText('Grace Hopper is admin now').waitFor()
  assert.equal(await inside(grace), 'admin', 'a role counts with the next request')
  await page.getByLabel('Role of Grace Hopper').selectOption('member')
  await page.getByText('Grace Hopper is member now').waitFor()
}

async function sessionIsEnded() {
  const first = (await (await signIn('grace@example.com')).json()).accessToken
  const second = (await (await signIn('grace@example.com')).json()).accessToken
  const answered = async (token) => (await fetch(url + '/auth/me', { headers: { Authorization: `Bearer ${token}` } })).status
  await go('Users')
  await page.getByRole('link', { name: 'Grace Hopper' }).click()
  await heading('Grace Hopper')
  const sessions = page.getByRole('region', { name: 'Sessions' }).getByRole('row')
  await sessions.nth(2).waitFor() // below the heads, both
  const before = await sessions.count()
  await sessions.nth(1).getByRole('button', { name: 'End' }).click() // the newest
  await dialog.getByRole('button', { name: 'End it' }).click()
  await page.getByText('signed out there').waitFor()
  await sessions.nth(before - 1).waitFor({ state: 'detached' })
  assert.deepEqual([await answered(first), await answered(second)], [200, 401], 'that session, and no other')
  await page.getByRole('link', { name: 'Done to them' }).click()
  await heading('Audit trail')
  for (const action of ['Session ended', 'Role changed']) await page.getByRole('button', { name: action, exact: true }).first().waitFor() // of no organization and of one
}

async function write(label, text) {
  await page.getByRole('textbox', { name: label }).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

async function graphqlIsAsked() {
  await go('Users')
  await page.getByRole('link', { name: 'Grace Hopper' }).click()
  await heading('Grace Hopper')
  await button('Act as').click()
  await dialog.getByLabel('Reason').fill('ticket 42')
  await dialog.getByRole('button', { name: 'See as them' }).click()
  await page.getByText('Rows are shown as').first().waitFor()
  await go('GraphQL')
  await write('The document', 'query Mine($n: Int) { listTasks(limit: $n) { items { title project { name } } } }')
  await write('The variables', '{"n": 3}')
  await button('Run').click()
  const answer = page.getByRole('textbox', { name: 'The answer' })
  await answer.getByText('"title"').nth(2).waitFor()
  assert.equal(await answer.getByText('"title"').count(), 3, 'the variables are sent')
  await write('The document', 'mutation { createLabel(input: { name: "never" }) { id } }')
  await write('The variables', '')
  await button('Run').click()
  await page.locator('.badge', { hasText: '1 error' }).waitFor() // auth.impersonation is for reading
  await button('Be admin again').click()
  await write('The document', '{ listTas')
  await page.keyboard.press('End')
  await page.keyboard.type('k')
  await page.getByRole('option', { name: /^listTasks/ }).waitFor() // completed by the schema
  await page.keyboard.press('Escape')
}

async function restIsAsked() {
  await go('REST')
  await page.getByLabel('Find a route').fill('/tasks')
  await page.getByRole('button', { name: 'GET /tasks', exact: true }).click()
  await button(/^Organization:/).click()
  await page.getByRole('option', { name: /Acme/ }).click()
  await page.getByLabel('limit').fill('2')
  assert.match(await page.getByLabel('As a command').textContent(), /curl '.*\/api\/tasks\?limit=2'.*Loam-As: admin; organization=/s)
  await button('Send').click()
  await page.locator('.badge', { hasText: '200' }).waitFor()
  await page.getByRole('textbox', { name: 'The answer' }).getByText('"title"').first().waitFor()
}

// seen asks axe about a page, in light and in dark, and photographs it.
async function seen(path, title, tab) {
  await page.evaluate((path) => history.pushState({}, '', '/console' + path), path)
  await heading(title)
  if (tab) await page.getByRole('tab', { name: tab, selected: true }).waitFor()
  await page.getByLabel('Loading').first().waitFor({ state: 'detached' })
  const name = path.slice(1).replace(/[^a-z]+/g, '-') || 'start'
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(async () => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      await Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished)) // or colours are between the two
    })
    const found = await page.evaluate((dark) => window.axe.run({ resultTypes: ['violations'], ...(dark && { runOnly: ['color-contrast'] }) }), colorScheme === 'dark')
    for (const v of found.violations) faults.push(`${name}, ${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`)
    if (directory) await page.screenshot({ path: `${directory}/console-${name}-1280-${colorScheme}.png` })
  }
  await page.setViewportSize({ width: 390, height: 800 })
  const wide = await page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth))
  if (wide > 0) faults.push(`${name}: ${wide} px too wide at 390`)
  for (const colorScheme of directory ? ['dark', 'light'] : []) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${directory}/console-${name}-390-${colorScheme}.png` })
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'light' })
}

async function eachIsSeen() {
  await post('/auth/password/forgot', { email: 'ada@example.com' })
  await page.evaluate(axe)
  await seen('/users', 'Users')
  await seen('/users/ada@example.com', 'Ada Lovelace')
  await seen('/organizations', 'Organizations')
  for (const [tab, name] of [['members', 'Members'], ['invitations', 'Invitations'], ['teams', 'Teams'], ['keys', 'API keys'], ['limits', 'Limits']]) await seen(`/organizations/acme?tab=${tab}`, 'Acme', name)
  await seen('/audit', 'Audit trail')
  await seen('/graphql', 'GraphQL')
  await seen('/rest', 'REST')
  await seen('/connections', 'Live connections')
  await seen('/jobs', 'Jobs')
  await seen('/mailbox', 'Mailbox')
  await seen('/settings', 'Settings')
}

try {
  for (const step of [enter, userIsDisabled, mailIsRead, keyIsMade, organizationIsManaged, sessionIsEnded, graphqlIsAsked, restIsAsked, eachIsSeen]) {
    const began = Date.now()
    await step().catch((err) => { throw new Error(`${step.name}: ${err.stack}\n${faults.join('\n')}`) })
    if (directory) console.error(step.name, Date.now() - began, 'ms')
  }
  assert.deepEqual(faults, [])
} finally {
  await browser.close()
}
