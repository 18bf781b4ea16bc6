// Goes through the console as an admin of the demo would: signs in, looks at the
// overview, browses rows, filters, edits one in place after a fresh proof, asks
// why a rule allows it, sees rows as a user, draws the schema. Then makes the first
// admin of another server by the link that it printed, who proves who they are by a
// passkey and a code. Every page is asked for its accessibility by axe, and is
// photographed. Run by console_test.go: node console.mjs URL CHROMIUM DIRECTORY LINK
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const [url, executablePath, directory, link] = process.argv.slice(2)
if (directory) mkdirSync(directory, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const faults = []
let page = await person()

// person is somebody's browser, with nothing in it yet.
async function person() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000) // milliseconds; machines that test are slow
  page.on('pageerror', (err) => faults.push(`${page.url()}: ${err}`))
  page.on('console', (m) => m.type() === 'error' && !/status of 40[0134]/.test(m.text()) && faults.push(`${page.url()}: ${m.text()}`))
  return page
}

// seen asks axe about a page, or what is new on it, in light and in dark, and photographs it.
async function seen(name, part = 'body') {
  await page.evaluate(axe)
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    const found = await page.evaluate(({ dark, part }) => window.axe.run(part, { resultTypes: ['violations'], ...(dark && { runOnly: ['color-contrast'] }) }), { dark: colorScheme === 'dark', part })
    for (const v of found.violations) faults.push(`${name}, ${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target + ' ' + n.failureSummary).join('; ')}`)
    for (const width of directory ? [1280, 390] : colorScheme === 'light' ? [390] : []) {
      await page.setViewportSize({ width, height: 800 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) faults.push(`${name}: ${wide} px too wide at ${width}`)
      if (directory) await page.waitForTimeout(150)
      if (directory) await page.screenshot({ path: `${directory}/console-${name}-${width}-${colorScheme}.png` })
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

const title = (text) => page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor()
const press = (name) => page.getByRole('button', { name, exact: true }).click()
const cell = (row, column) => page.locator(`[data-cell="${row}:${column}"]`)
const rows = (text) => page.getByRole('status').filter({ hasText: text }).waitFor()

async function leadsToSignIn() {
  await page.goto(url + '/console/data/tasks')
  await page.waitForURL(/\/account\/sign-in\?return_to=%2Fconsole%2Fdata%2Ftasks/)
  await page.getByLabel('Email').fill('root@example.com')
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
  await press('Sign in')
  await title('Task')
  await page.getByText('Whose rows?').waitFor()
  await seen('no-organization')
  await press('Organization: Choose an organization')
  await page.getByRole('option', { name: /Acme/ }).click()
  await rows('250 rows')
}

async function browses() {
  await seen('rows')
  await page.waitForFunction(() => { // the next page comes as one scrolls
    document.querySelector('[role=grid]').scrollTo(0, 1e6)
    return document.querySelector('[aria-rowindex="251"]')
  })
  assert.ok((await page.locator('.gline').count()) < 80, 'only rows in sight are in the document')
  await page.getByRole('grid').evaluate((grid) => grid.scrollTo(0, 0))
  await press('Filter')
  await page.getByLabel('Field').selectOption('status')
  await page.getByLabel('Operator').selectOption('eq')
  await page.getByLabel('Value').selectOption('DOING')
  await press('Add')
  await rows('56 rows')
  await page.getByRole('columnheader', { name: /^title/ }).getByRole('button').click()
  await page.locator('[aria-sort=ascending]').waitFor()
  await page.waitForFunction(() => { // in order, once the server has answered
    const all = [...document.querySelectorAll('.gline [data-cell$=":2"]')].map((c) => c.textContent)
    return all.length > 10 && all.every((text, i) => i === 0 || all[i - 1] <= text)
  })
}

// editsInPlace changes a cell by the keyboard alone. The server would want a fresh proof
// ten minutes after sign-in; here its refusal comes at once.
async function editsInPlace() {
  let refused = 0
  await page.route('**/api/tasks/*', (route) => {
    if (route.request().method() !== 'PATCH' || refused++ > 0) return route.continue()
    return route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ status: 403, code: 'auth/reauthenticate', detail: 'show who you are once more' }) })
  })
  await cell(0, 1).click()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.keyboard.type('A title from the console')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Is it you?' }).waitFor()
  await page.getByLabel('Password').waitFor()
  await seen('proof', 'dialog')
  await page.getByLabel('Password').fill('correct horse battery')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('gridcell', { name: 'A title from the console' }).waitFor()
  await page.unroute('**/api/tasks/*')
  const id = (await cell(0, 1).textContent()).trim()
  const stored = await page.evaluate(async (id) => {
    const { id: organization } = JSON.parse(localStorage.getItem('loam-console-organization'))
    return (await fetch('/api/tasks/' + id, { headers: { 'Loam-As': `admin; organization=${organization}` } })).json()
  }, id)
  assert.equal(stored.title, 'A title from the console')
  assert.equal(refused, 2)
}

async function looksIntoARow() {
  await cell(0, 1).hover()
  await page.locator('.gline').first().getByRole('button', { name: /^Open/ }).click()
  const drawer = page.getByRole('complementary', { name: 'A title from the console' })
  await drawer.getByLabel('points Int').fill('-1')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await drawer.getByText('points must be at least 0').waitFor()
  await seen('row', '.drawer')
  await drawer.getByLabel('points Int').fill('5')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await drawer.getByRole('tab', { name: 'Related' }).click()
  await drawer.getByRole('heading', { name: 'comments' }).waitFor()
  await seen('related', '.drawer')
  await drawer.getByRole('tab', { name: 'Why' }).click()
  await drawer.getByText(/^(No|It depends)/).first().waitFor()
  await drawer.getByRole('button', { name: 'anybody' }).click()
  await page.getByRole('option', { name: /Alan Turing/ }).click()
  await drawer.getByText(/^Yes/).first().waitFor()
  await seen('why', '.drawer')
  await drawer.getByRole('button', { name: 'Close' }).click()
}

async function actsAsAUser() {
  await page.getByRole('button', { name: 'As admin' }).click()
  await page.getByRole('option', { name: /Grace Hopper/ }).click()
  await page.getByLabel('Reason').fill('ticket 42')
  await seen('become', 'dialog')
  await press('See as them')
  await page.getByText('Grace Hopper sees them in Acme').first().waitFor()
  await rows('56 rows')
  assert.ok(await page.getByRole('button', { name: 'New row' }).isDisabled(), 'it is for reading')
  await seen('acting', '.content > :not(main), .head, .toolbar')
  await press('Be admin again')
  await page.getByRole('button', { name: 'As admin' }).waitFor()
}

async function makesAndDeletes() {
  await page.goto(url + '/console/data/labels')
  await press('New row')
  await page.getByLabel('name String!').fill('from-the-console')
  await press('Create Label')
  await page.getByRole('gridcell', { name: 'from-the-console' }).waitFor()
  await page.getByRole('complementary').getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Delete this row' }).click()
  await page.getByRole('gridcell', { name: 'from-the-console' }).waitFor({ state: 'detached' })
  await press('Import and export')
  await page.getByRole('menuitem', { name: 'Import CSV or JSON…' }).click()
  await page.setInputFiles('input[type=file]', { name: 'labels.csv', mimeType: 'text/csv', buffer: Buffer.from('name,color\n"a ""quoted"", name",#ff0000\nplain,\n') })
  await press('Import')
  await page.getByText('Done: 2 rows written').waitFor()
  await seen('import', 'dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await press('Import and export')
  await page.getByRole('menuitem', { name: 'Export CSV or JSON…' }).click()
  const [file] = await Promise.all([page.waitForEvent('download'), press('Export')])
  const text = readFileSync(await file.path(), 'utf8')
  assert.match(text, /"a ""quoted"", name",#ff0000/)
}

async function drawsTheSchema() {
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder(/Go to/).fill('schema')
  await seen('palette', 'dialog')
  await page.keyboard.press('Enter')
  await title('Schema')
  for (const name of ['Project', 'Task', 'Comment', 'Label', 'User']) await page.getByRole('button', { name: new RegExp(`^${name}\\b`) }).waitFor()
  await seen('schema')
  await page.getByRole('button', { name: /^Task\b/ }).click()
  await page.getByRole('complementary', { name: 'Task' }).getByText('status', { exact: true }).waitFor()
  await seen('schema-model', '.about')
  for (const tab of ['Rules', 'Diagnostics', 'Source']) {
    await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click()
    await page.getByRole('region', { name: tab.toLowerCase() }).waitFor()
    await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' })
    await seen(`schema-${tab.toLowerCase()}`, 'main')
  }
}

async function looksAtTheOverview() {
  await page.getByRole('link', { name: 'Overview' }).click()
  await title('Overview')
  await page.locator('.chart canvas').nth(3).waitFor()
  await page.getByText('PATCH /api/tasks').first().waitFor()
  await seen('overview')
}

const password = 'correct horse battery'

async function makesTheFirstAdmin() {
  page = await person()
  await page.goto(new URL('/console', link).href)
  await title('This server has no admin yet')
  await seen('no-admin')
  await page.goto(link.replace(/#.*/, '#loamt_another'))
  const send = async (secret) => {
    await page.getByLabel('Name').fill('Root')
    await page.getByLabel('Email').fill('root@example.com')
    await page.getByLabel('Password').fill(secret)
    await press('Create the admin')
  }
  await send(password)
  await page.getByText('This link was used, or is more than an hour old.').waitFor()
  await page.goto(link) // into the same tab
  await send('password')
  await page.getByText('This password is among the first that are tried').waitFor()
  await seen('setup')
  await send(password)
  await title('Overview')
  assert.ok(!page.url().includes('#'), 'the link leaves the address')
  await page.getByRole('heading', { name: 'Start here' }).waitFor()
  await page.goto(link)
  await page.getByText('This server has an admin already').waitFor()
}

// ask sends a request as who is signed in.
const ask = (path, body = {}) => page.evaluate(async ([path, body]) => (await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Loam-Session': 'cookie' }, body: JSON.stringify(body) })).json(), [path, body])

async function provesWhoTheyAre() {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } })
  const { id, publicKey } = await ask('/auth/passkeys/options')
  const passkey = await page.evaluate(async (o) => (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o) })).toJSON(), publicKey)
  await ask('/auth/passkeys', { id, passkey, name: 'Laptop' })
  const { secret } = await ask('/auth/totp')
  await ask('/auth/totp/confirm', { code: totp(secret, 0) })
  await page.goto(new URL('/console/data/notes', link).href)
  await page.getByText('No Note yet in').waitFor() // the only organization needs no choice
  let refused = 0
  const create = async (text) => {
    refused = 0
    await press('New row')
    await page.getByLabel('text String!').fill(text)
    await press('Create Note')
    await page.getByRole('dialog', { name: 'Is it you?' }).waitFor()
  }
  await page.route('**/api/notes', (route) => route.request().method() === 'POST' && refused++ === 0 ? route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ status: 403, code: 'auth/reauthenticate', detail: 'show who you are once more' }) }) : route.continue())
  await create('by a passkey')
  await page.getByRole('button', { name: 'Use a passkey' }).waitFor()
  await seen('proof-all', 'dialog')
  await page.keyboard.press('Escape')
  await page.getByText('Nothing was changed: it needs a fresh proof').first().waitFor()
  refused = 0
  await press('Create Note')
  await press('Use a passkey')
  await page.getByRole('gridcell', { name: 'by a passkey' }).waitFor()
  await page.getByRole('complementary').getByRole('button', { name: 'Close' }).click()
  await create('by a code')
  const code = page.getByLabel('Code of your authenticator app')
  await code.fill('000000')
  await code.press('Enter')
  await page.getByRole('dialog').getByRole('alert').filter({ hasText: /code/ }).waitFor()
  await code.fill(totp(secret, 1)) // each is good once
  await code.press('Enter')
  await page.getByRole('gridcell', { name: 'by a code' }).waitFor()
}

// totp is the code of an authenticator app (RFC 6238), some steps from now.
function totp(secret, later) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + later))
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(step).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0')
}

try {
  for (const step of [leadsToSignIn, browses, editsInPlace, looksIntoARow, actsAsAUser, makesAndDeletes, drawsTheSchema, looksAtTheOverview, makesTheFirstAdmin, provesWhoTheyAre]) {
    const began = Date.now()
    await step().catch(async (err) => {
      if (directory) await page.screenshot({ path: `${directory}/console-failed.png` })
      throw new Error(`${step.name}: ${err.stack}\n${faults.join('\n')}`)
    })
    if (directory) console.error(step.name, Date.now() - began, 'ms')
  }
  assert.deepEqual(faults, [])
} finally {
  await browser.close()
}
