// Goes through the components of @loam/react as a person would: signs up with the code
// of /_mail, signs out and in, creates an organization, invites somebody, and sees a
// list change as another client writes. The page is built here, and stands at an address
// of the server's own. Run by react_test.go: node react.mjs URL CHROMIUM [DIRECTORY]
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const [url, executablePath, directory = ''] = process.argv.slice(2)
if (directory) mkdirSync(directory, { recursive: true })
const sdk = fileURLToPath(new URL('../../sdk/', import.meta.url))
const { build } = createRequire(sdk + 'react/')('esbuild')
const { outputFiles } = await build({
  entryPoints: [sdk + 'react/test/page.tsx'],
  bundle: true,
  format: 'esm',
  jsx: 'automatic',
  outdir: 'out',
  write: false,
  alias: { '@loam/client': sdk + 'js/src/index.ts', '@loam/react/ui.css': sdk + 'react/src/ui/ui.css', '@loam/react/ui': sdk + 'react/src/ui/index.ts', '@loam/react': sdk + 'react/src/index.ts' },
  define: { 'process.env.NODE_ENV': '"production"' },
})
const made = (end) => outputFiles.find((f) => f.path.endsWith(end)).text
const html = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Tracker</title><link rel="stylesheet" href="/react/page.css">
<style>:root { color-scheme: light dark } body { margin: 0; background: light-dark(#fbfaf7, #17181a); color: light-dark(#24211c, #e8e6e1); font: 15px/1.5 system-ui, sans-serif }
.entry { display: grid; place-items: center; min-height: 90vh; padding: 1rem } header { display: flex; justify-content: space-between; gap: 1rem; padding: .8rem 1rem } main { max-width: 46rem; margin: auto; padding: 0 1rem 2rem }</style>
<div id="app"></div><script type="module" src="/react/page.js"></script></html>`

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({
  executablePath,
  // A page that is given by the test is of no network, from which a local one is forbidden.
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-features=LocalNetworkAccessChecks'],
})
const faults = []
let shots = 0

async function open() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', locale: 'en-GB' })
  await context.route('**/react/*', (route) => {
    const path = new URL(route.request().url()).pathname
    const [contentType, body] = path.endsWith('.js') ? ['text/javascript', made('.js')] : path.endsWith('.css') ? ['text/css', made('.css')] : ['text/html', html]
    return route.fulfill({ contentType, body })
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000) // milliseconds; machines that test are slow
  page.on('pageerror', (err) => faults.push(`${err}`))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (400|401|403|404|409)/.test(m.text())) faults.push(m.text())
  })
  return page
}

// seen asks axe about the page, in light and in dark, and photographs it.
async function seen(page, name) {
  await page.evaluate(axe)
  shots++
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    const found = await page.evaluate((dark) => window.axe.run({ resultTypes: ['violations'], ...(dark && { runOnly: ['color-contrast'] }) }), colorScheme === 'dark')
    for (const v of found.violations) faults.push(`${name}, ${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`)
    for (const width of directory ? [1280, 390] : []) {
      await page.setViewportSize({ width, height: 800 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (wide > 0) faults.push(`${name}: ${wide} px too wide at ${width}`)
      await page.screenshot({ path: `${directory}/${String(shots).padStart(2, '0')}-${name}-${width}-${colorScheme}.png`, fullPage: true })
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

const mailbox = await open()
async function codeFor(to, subject) {
  for (let tries = 0; tries < 50; tries++) {
    await mailbox.goto(url + '/_mail')
    const message = mailbox.locator('nav a', { hasText: to }).filter({ hasText: subject }).first()
    if (!(await message.waitFor({ timeout: 1000 }).then(() => true, () => false))) continue
    await message.click()
    const code = mailbox.locator('.take output')
    await code.waitFor()
    return (await code.innerText()).trim()
  }
  throw new Error(`no mail to ${to}`)
}

// The link of the newest mail, which leads to the app's own page; that is here, and not where the server takes it to be.
const mailsTo = async (to) => (await (await fetch(url + '/_mail/messages?to=' + to)).json()).items
let earlier = new Set() // mails that are not the one to come
async function linkFor(to, subject) {
  for (let tries = 0; tries < 300; tries++) {
    const message = (await mailsTo(to)).find((m) => m.subject.includes(subject) && !earlier.has(m.id))
    const { text = '' } = message ? await (await fetch(url + '/_mail/messages/' + message.id)).json() : {}
    const link = /https:\/\/app\.example(\/react\/\S+)/.exec(text)?.[1]
    if (link) return url + link
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`no link to ${to}`)
}

const page = await open()
const email = 'ann@example.com'
let password = 'a long enough secret'
const title = (text) => page.getByRole('heading', { name: text, exact: true }).waitFor()
const press = (name) => page.getByRole('button', { name, exact: true }).click()
// focused waits for the focus: it moves a moment after what is drawn.
const focused = (on) => page.waitForFunction((on) => (document.activeElement.textContent || document.activeElement.getAttribute('name')) === on, on)

await page.goto(url + '/react/')
await title('Sign in to Tracker')
await seen(page, 'sign-in')
await press('Create an account')
await title('Create an account')
await press('Create an account')
await page.getByText('Fill in: email.').waitFor()
await focused('email')
await seen(page, 'sign-up')
await page.getByLabel('Email').fill(email)
await page.getByLabel('Password', { exact: true }).fill('short')
await page.getByLabel('Job title').fill('Engineer')
await page.getByLabel('Work place').selectOption({ label: 'Home' })
await press('Create an account')
await page.locator('.loam-field .loam-wrong').waitFor()
await focused('password')
await page.getByLabel('Password', { exact: true }).fill(password)
await press('Create an account')
await title('Check your mail')
await page.getByLabel('Code').fill('000000')
await press('Confirm')
await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor()
await seen(page, 'confirm')
await page.getByLabel('Code').fill(await codeFor(email, 'Confirm'))
await press('Confirm')

// The menu, by the keyboard alone.
const menu = page.getByRole('button', { name: 'Account: ' + email, exact: true })
await menu.focus()
await page.keyboard.press('ArrowDown')
await page.getByRole('menuitem', { name: 'Manage your account' }).waitFor()
await seen(page, 'user-menu')
await page.keyboard.press('Escape')
await page.getByRole('menu').waitFor({ state: 'detached' })
await page.keyboard.press('ArrowUp')
await page.keyboard.press('Enter')
await title('Sign in to Tracker')

await page.getByLabel('Email').fill(email)
await page.getByLabel('Password', { exact: true }).fill('not the right one')
await press('Sign in')
await page.getByRole('alert').filter({ hasText: /./ }).waitFor()
await press('Email me a code')
await title('Email me a code')
await focused('email')
await press('Email me a code')
await title('Check your mail')
await seen(page, 'mailed')
await press('Back')
await press('Forgot your password?')
await title('Reset your password')
await page.getByLabel('Email').fill(email)
await press('Send the mail')
await title('Check your mail')

// Links of mails that lead to this page: they are used by a click, and leave the address at once.
const followed = async (subject) => {
  await page.goto((await linkFor(email, subject)) + '&tab=2')
  await page.getByText('You followed the link of a mail.').waitFor()
  await page.waitForURL(url + '/react/?tab=2')
}
const signOut = async () => {
  await menu.click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
}
await followed('password')
await title('Reset your password')
await focused('password')
await seen(page, 'followed-reset')
await page.getByLabel('New password').fill((password = 'another long secret'))
await press('Set the password')
await menu.waitFor()
await signOut()
await press('Email me a code')
await page.getByRole('textbox', { name: 'Email' }).fill(email)
earlier = new Set((await mailsTo(email)).map((m) => m.id))
await press('Email me a code')
await title('Check your mail')
await followed('sign')
await title('Sign in to Tracker')
await seen(page, 'followed-sign-in')
await press('Sign in')
await menu.waitFor()
await signOut()
await page.goto(url + '/react/?token=spent&for=confirm')
await title('Confirm your address')
await press('Confirm')
await page.getByRole('alert').filter({ hasText: 'wrong, was used before' }).waitFor()
await press('Back')
await page.getByLabel('Email').fill(email)
await page.getByLabel('Password', { exact: true }).fill(password)
await press('Sign in')
await menu.waitFor()

await page.getByRole('button', { name: /^Organization: / }).click()
await page.getByRole('menuitem', { name: 'Create an organization' }).click()
await page.getByRole('dialog').getByLabel('Name').fill('Apollo')
await seen(page, 'create-organization')
await press('Create')
await page.getByRole('button', { name: 'Organization: Apollo' }).click()
await page.getByRole('menuitemradio', { name: 'Apollo', checked: true }).waitFor()
await seen(page, 'organizations')
await page.keyboard.press('Escape')

const invitation = page.getByRole('form', { name: 'Invite' })
await invitation.getByLabel('Email').fill('bob@example.com')
await invitation.getByLabel('Role').selectOption({ label: 'Admin' })
await press('Send the invitation')
await page.getByText('bob@example.com is invited.').waitFor()
await press('Resend to bob@example.com')
await page.getByText('The invitation of bob@example.com is sent again.').waitFor()
await seen(page, 'members')
await press('Revoke for bob@example.com')
await seen(page, 'revoke')
await press('Revoke')
await page.getByText('The invitation of bob@example.com is revoked.').waitFor()
await page.getByRole('dialog').waitFor({ state: 'detached' })

// Another client of the same organization writes.
const ask = async (path, body, token) => {
  const answer = await fetch(url + path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...(token && { Authorization: 'Bearer ' + token }) }, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
  return answer.json()
}
await page.getByText('The list is live').waitFor()
let { accessToken, organization } = await ask('/auth/sign-in', { email, password })
if (organization?.name !== 'Apollo') {
  const { items } = await (await fetch(url + '/auth/organizations', { headers: { Authorization: 'Bearer ' + accessToken } })).json()
  ;({ accessToken } = await ask(`/auth/organizations/${items.find((o) => o.name === 'Apollo').id}/switch`, {}, accessToken))
}
await ask('/api/tasks', { title: 'Theirs' }, accessToken)
await page.getByLabel('Theirs').waitFor()
await press('Add a task')
await page.getByLabel('Mine').click()
await page.waitForFunction(() => [...document.querySelectorAll('li input')].some((i) => i.checked))
await seen(page, 'tasks')

await browser.close()
assert.deepEqual(faults, [])
