// Goes through the pages of /account as a person would: signs up with the code of
// /_mail, adds a passkey, creates an organization, invites somebody, accepts as them,
// changes their role and removes them; then second factors, mailed links and the
// end of an account. Every page is asked for its accessibility by axe, and is
// photographed. Run by browser_test.go: node account.mjs URL CHROMIUM [DIRECTORY]
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
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

// open is a browser of its own, as somebody else's would be.
async function open() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', locale: 'en-GB' })
  const page = await context.newPage()
  await context.route('https://pictures.example/**', (route) => {
    referers.push(route.request().headers().referer ?? '')
    return route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="#1f5f99"/></svg>' })
  })
  page.setDefaultTimeout(60_000) // milliseconds; machines that test are slow
  page.on('pageerror', (err) => faults.push(`${page.url()}: ${err}`))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (400|401|403|404|409|415)/.test(m.text())) faults.push(`${page.url()}: ${m.text()}`)
  })
  return page
}

const faults = []
const referers = [] // of requests for an organization's logo
let shots = 0

// seen asks axe about a page, in light and in dark, and photographs it.
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

const title = (page, text) => page.getByRole('heading', { level: 1, name: text }).waitFor()
const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const visit = async (page, path, heading) => {
  await page.goto(url + '/account' + path)
  await title(page, heading)
}

// mailOf reads the newest message to an address: its code and its link, as the
// mailbox shows them, the link under the name that passkeys work on.
const mailbox = await open()
async function mailOf(to, subject) {
  for (let tries = 0; tries < 50; tries++) {
    await mailbox.goto(url + '/_mail')
    const message = mailbox.locator('nav a', { hasText: to }).filter({ hasText: subject }).first()
    if (await message.waitFor({ timeout: 1000 }).then(() => true, () => false)) {
      await message.click()
      await mailbox.getByRole('heading', { level: 1 }).filter({ hasText: subject }).waitFor()
      const code = mailbox.locator('.take output')
      const link = mailbox.locator('.take a.primary')
      return { code: (await code.count()) ? (await code.innerText()).trim() : '', link: (await link.count()) ? (await link.getAttribute('href')).replace(/^https?:\/\/[^/]+/, url) : '' }
    }
  }
  throw new Error(`no mail to ${to}: ${subject}`)
}

async function signUp(page, name, email, password) {
  await title(page, 'Create an account')
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('Job title').fill('Engineer')
  await page.getByLabel('Work place').selectOption({ label: 'Head office' })
  await press(page, 'Create account')
}

async function signIn(page, email) {
  await title(page, 'Sign in')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await press(page, 'Sign in')
}

// totp is the code of an authenticator app (RFC 6238), so many steps from now.
function totp(secret, steps = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps))
  const mac = createHmac('sha1', key).update(step).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0')
}

const ada = await open()
const devtools = await ada.context().newCDPSession(ada)
await devtools.send('WebAuthn.enable')
const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
  options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: false },
})
const touches = (enabled) => devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
const password = 'correct horse battery'

async function adaJoins() {
  await ada.goto(url + '/account')
  await title(ada, 'Sign in')
  await seen(ada, 'sign-in')
  await press(ada, 'Sign in')
  await ada.getByText('Enter your email address.').waitFor()
  await ada.getByLabel('Email').fill('ada@example.com')
  await ada.getByLabel('Password', { exact: true }).fill('not the password')
  await press(ada, 'Sign in')
  await ada.getByRole('alert').filter({ hasText: 'wrong' }).waitFor()
  await seen(ada, 'sign-in-wrong')
  await ada.getByRole('link', { name: 'Create an account' }).click()
  await title(ada, 'Create an account')
  await press(ada, 'Create account')
  await ada.getByText('Fill in: job title.').waitFor()
  await signUp(ada, 'Ada Lovelace', 'ada@example.com', 'password')
  await ada.getByLabel('Password', { exact: true }).and(ada.locator('[aria-invalid=true]')).waitFor()
  await seen(ada, 'sign-up')
  await signUp(ada, 'Ada Lovelace', 'ada@example.com', password)
  await title(ada, 'Check your mail')
  const { code } = await mailOf('ada@example.com', /confirm/i)
  assert.match(code, /^\d{6}$/)
  await ada.getByLabel('Code').fill(code)
  await seen(ada, 'confirm')
  await press(ada, 'Confirm')
  await title(ada, 'Profile')
  await ada.getByText('is confirmed.').waitFor()
  await seen(ada, 'profile')
  const about = ada.getByRole('form', { name: 'About you' })
  assert.equal(await about.getByLabel('Job title').inputValue(), 'Engineer')
  assert.equal(await about.getByLabel('Rank').count(), 0, 'what she may not change is not offered')
  await about.getByLabel('Work place').selectOption({ label: 'Home' })
  await about.getByLabel('Birthday').fill('1815-12-10')
  await about.getByLabel('Hours').fill('32')
  await about.getByLabel('Newsletter').check()
  await about.getByLabel('Tags').fill('maths\nengines')
  await about.getByRole('button', { name: 'Save' }).click()
  await about.getByText('Saved.').waitFor()
  const { user } = await ada.evaluate(async () => (await fetch('/auth/me')).json())
  assert.deepEqual([user.jobTitle, user.workPlace, user.birthday, user.hours, user.newsletter, user.tags], ['Engineer', 'HOME', '1815-12-10', 32, true, ['maths', 'engines']])
  const cookies = await ada.context().cookies()
  assert.ok(cookies.length > 0 && cookies.every((c) => c.httpOnly), 'no script reads the tokens')
}

async function adaAddsAPasskey() {
  await ada.getByRole('link', { name: 'Security' }).click()
  await title(ada, 'Security')
  await seen(ada, 'security')
  await touches(true)
  await ada.getByLabel('Name of the device').fill('Laptop')
  await press(ada, 'Add a passkey')
  await ada.getByText('Laptop').waitFor()
  await touches(false)
  await press(ada, 'Sign out')
  await title(ada, 'Sign in')
  await touches(true) // as if it were picked from the suggestions of the address
  await visit(ada, '/sign-in', 'Profile')
  await touches(false)
}

async function adaInvitesGrace() {
  await visit(ada, '/organizations', 'Organizations')
  await seen(ada, 'organizations')
  await ada.getByLabel('Name').fill('Acme')
  await press(ada, 'Create')
  await title(ada, 'Acme')
  await ada.getByLabel('Colour').fill('#1f5f99')
  await ada.getByLabel('Logo').fill('https://pictures.example/acme.svg')
  await press(ada, 'Save')
  await ada.getByText('Saved.').waitFor()
  await ada.waitForFunction(() => document.querySelector('main img.tile')?.naturalWidth > 0)
  assert.deepEqual([...new Set(referers)], [''], 'a logo is fetched without a Referer')
  await seen(ada, 'organization')
  await visit(ada, '/members', 'Members')
  await ada.getByLabel('Email').fill('grace@example.com')
  await press(ada, 'Send the invitation')
  await press(ada, 'Resend to grace@example.com')
  await ada.getByText('sent again').waitFor()
  await seen(ada, 'members-invited')
}

const grace = await open()

async function graceAccepts() {
  const { link } = await mailOf('grace@example.com', /Acme/)
  assert.match(link, /\/account\/invitation#token=/)
  await grace.goto(link)
  await title(grace, 'Join Acme')
  assert.equal(await grace.locator('img').count(), 0, 'who is no member yet fetches nothing that the organization names')
  assert.ok(!grace.url().includes('#'), 'the token left the address')
  await grace.getByText('Ada Lovelace').waitFor()
  await seen(grace, 'invitation')
  await grace.getByRole('link', { name: 'Create an account' }).click()
  await seen(grace, 'sign-up-invited')
  await signUp(grace, 'Grace Hopper', 'grace@example.com', password)
  await title(grace, 'Acme')
  await grace.getByText('You are member here.').waitFor()
  await seen(grace, 'organization-as-member')
}

// Somebody who has an account accepts as who they are, and after that leaves.
async function alanAccepts() {
  await visit(ada, '/members', 'Members')
  await ada.getByLabel('Email').fill('alan@example.com')
  await press(ada, 'Send the invitation')
  await ada.getByRole('button', { name: 'Revoke for alan@example.com' }).waitFor()
  const alan = await open()
  await visit(alan, '/nothing', 'There is no such page')
  await seen(alan, 'missing')
  await visit(alan, '/sign-up', 'Create an account')
  await signUp(alan, 'Alan Turing', 'alan@example.com', password)
  await title(alan, 'Check your mail')
  await alan.getByLabel('Code').fill((await mailOf('alan@example.com', /confirm/i)).code)
  await press(alan, 'Confirm')
  await title(alan, 'Profile')
  await visit(alan, '/organizations', 'Organizations')
  await alan.getByRole('button', { name: 'Join Acme' }).waitFor()
  await seen(alan, 'organizations-offer')
  await alan.goto((await mailOf('alan@example.com', /Acme/)).link)
  await title(alan, 'Join Acme')
  await seen(alan, 'invitation-accept')
  await press(alan, 'Accept')
  await title(alan, 'Acme')
  await press(alan, 'Leave the organization')
  await press(alan, 'Leave')
  await title(alan, 'Organizations')
}

async function adaRunsTheOrganization() {
  await visit(ada, '/members', 'Members')
  const row = ada.getByRole('listitem').filter({ hasText: 'Grace Hopper' })
  await row.getByText(/Member, since/).waitFor()
  await ada.getByText('Nobody is invited at the moment.').waitFor()
  await seen(ada, 'members')
  await press(ada, 'Change the role of Grace Hopper')
  await ada.getByRole('dialog').getByLabel('Role').selectOption('admin')
  await seen(ada, 'role')
  await press(ada, 'Save')
  await row.getByText(/Admin, since/).waitFor()
  await grace.reload()
  await grace.getByText('You are admin here.').waitFor()

  await visit(ada, '/teams', 'Teams')
  await ada.getByText('There is no team yet.').waitFor()
  await ada.getByLabel('Name').fill('Support')
  await press(ada, 'Make the team')
  await press(ada, 'Members of Support')
  await ada.getByRole('dialog').getByLabel('Member').selectOption({ label: 'Grace Hopper' })
  await press(ada, 'Put into the team')
  await press(ada, 'Take Grace Hopper out')
  await ada.getByText('Nobody is in this team yet.').waitFor()
  await press(ada, 'Close')
  await ada.getByText('0 members').waitFor()
  await seen(ada, 'teams')

  await visit(ada, '/members', 'Members')
  await press(ada, 'Remove Grace Hopper')
  await seen(ada, 'remove')
  await press(ada, 'Remove')
  await row.waitFor({ state: 'detached' })
  await grace.reload()
  await grace.getByRole('heading', { level: 1 }).waitFor()
  assert.equal(await grace.getByText('Acme').count(), 0, 'who was removed sees nothing of it')
}

async function adaWatchesOver() {
  await visit(ada, '/domains', 'Domains')
  await ada.getByLabel('Domain').fill('acme.example.net')
  await press(ada, 'Claim the domain')
  await ada.getByText('_loam-challenge.acme.example.net').waitFor()
  await ada.getByText(/^loam-verification=/).waitFor()
  await seen(ada, 'domains')
  await ada.route('**/domains/*/verify', (route) => route.fulfill({ status: 409, json: { code: 'tenant/domain_unproved', detail: 'the record is not there yet' } }))
  await press(ada, 'Check now')
  await ada.getByText('The record is not there yet.').waitFor()
  await ada.route('**/auth/organizations/*/domains', async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    body.items[0].verifiedAt = '2026-01-02T15:04:05Z'
    await route.fulfill({ response: answer, json: body })
  }, { times: 1 })
  await visit(ada, '/domains', 'Domains')
  await ada.getByText('Nobody joins by it alone.').waitFor()
  await seen(ada, 'domains-owned')
  await press(ada, 'Remove acme.example.net')
  await ada.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await ada.getByRole('button', { name: 'Remove acme.example.net' }).waitFor({ state: 'detached' })

  await visit(ada, '/audit', 'Audit log')
  await ada.getByRole('listitem').first().getByText('Domain released').waitFor()
  await ada.getByText('Member removed', { exact: true }).first().waitFor()
  await ada.getByText(/^Auto join: no · Role: member$/).waitFor()
  await seen(ada, 'audit')
  const [download] = await Promise.all([ada.waitForEvent('download'), press(ada, 'Download as JSON Lines')])
  assert.equal(download.suggestedFilename(), 'audit.jsonl')
  assert.equal(JSON.parse(readFileSync(await download.path(), 'utf8').split('\n')[0]).action, 'org.founded')
}

// An application signs Ada in; she sees it, and withdraws.
async function adaUsesAnApplication() {
  const callback = url.replace('localhost', '127.0.0.1') + '/healthz' // a page of the application's, as far as a browser knows
  const verifier = 'v'.repeat(43)
  const query = { client_id: 'shop', redirect_uri: callback, response_type: 'code', scope: 'openid email', state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' }
  await ada.goto(`${url}/oauth/authorize?` + new URLSearchParams(query))
  await seen(ada, 'consent')
  await press(ada, 'Allow')
  await ada.waitForURL(callback + '?*')
  const code = new URL(ada.url()).searchParams.get('code')
  const tokens = await fetch(url + '/oauth/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', client_id: 'shop', code, code_verifier: verifier, redirect_uri: callback }) })
  assert.equal(tokens.status, 200)

  // Asked to, the page has her show once more who she is, and leads back.
  await ada.goto(`${url}/oauth/authorize?` + new URLSearchParams({ ...query, prompt: 'login' }))
  await title(ada, 'Sign in')
  assert.equal(await ada.getByRole('button', { name: /^Continue as/ }).count(), 0)
  await signIn(ada, 'ada@example.com')
  await press(ada, 'Allow') // for an address of the user's own machine, each time
  await ada.waitForURL(callback + '?*')
  await visit(ada, '/sessions', 'Sessions')
  await ada.getByText(/^Web shop/).waitFor()
  await ada.getByText(/^Uses your account since/).waitFor()
  await ada.getByText(/^Signed in by password, /).first().waitFor()
  await seen(ada, 'sessions-application')
  await visit(ada, '/security', 'Security')
  await ada.getByText('It may know that it is you, see your email address.').waitFor()
  await seen(ada, 'security-applications')
  await press(ada, 'Withdraw from Web shop')
  await ada.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
  await ada.getByRole('button', { name: 'Withdraw from Web shop' }).waitFor({ state: 'detached' })
}

// Whoever has to sign in on the way somewhere gets there, and nowhere else.
async function adaComesBack() {
  const forget = (name) => ada.context().clearCookies({ name })
  for (const [to, path] of [['/account/sessions', '/account/sessions'], ['/api?a=b', '/api?a=b'], ['//evil.example', '/account'], ['/\\evil.example', '/account'], ['https://evil.example/', '/account']]) {
    await forget(/loam/)
    await ada.goto(`${url}/account/security?` + new URLSearchParams({ return_to: to }))
    await signIn(ada, 'ada@example.com')
    await ada.waitForURL(url + path)
  }
  await forget('loam') // the access token's; the other one makes it good
  await visit(ada, '/sessions', 'Sessions')
  await forget('loam')
  await ada.goto(`${url}/account/sign-in?return_to=/account/sessions`)
  await press(ada, 'Continue as Ada Lovelace')
  await title(ada, 'Sessions')
  await visit(ada, '/sign-in?prompt=login&return_to=/account/sessions', 'Sign in')
  assert.equal(await ada.getByRole('button', { name: /^Continue as/ }).count(), 0)
}

async function graceProtectsHerAccount() {
  await visit(grace, '/security', 'Security')
  await press(grace, 'Set up an authenticator app')
  const secret = (await grace.locator('.enrol code').innerText()).replaceAll(' ', '')
  await grace.getByRole('img', { name: /authenticator/ }).waitFor()
  await seen(grace, 'authenticator')
  await grace.getByLabel('Code that the app shows').fill(totp(secret))
  await press(grace, 'Turn on')
  const codes = (await grace.getByLabel('Recovery codes').innerText()).split('\n')
  await seen(grace, 'recovery-codes')
  await press(grace, 'I have kept them')
  await grace.getByText(`${codes.length} are left.`).waitFor()
  await seen(grace, 'security-full')
  await press(grace, 'Sign out')
  await title(grace, 'Sign in')
  await grace.getByLabel('Email').fill('grace@example.com')
  await grace.getByLabel('Password', { exact: true }).fill(password)
  await press(grace, 'Sign in')
  await title(grace, 'Enter a code')
  await seen(grace, 'challenge')
  await grace.getByLabel('Code').fill('000000')
  await press(grace, 'Continue')
  await grace.getByText('The code is wrong').waitFor()
  await grace.getByLabel('Code').fill(totp(secret, 1))
  await press(grace, 'Continue')
  await title(grace, 'Profile')
  await visit(grace, '/sessions', 'Sessions')
  await grace.getByText('this one').waitFor()
  await seen(grace, 'sessions')
  await press(grace, 'Sign out')
  await title(grace, 'Sign in')
  await grace.getByLabel('Email').fill('grace@example.com')
  await grace.getByLabel('Password', { exact: true }).fill(password)
  await press(grace, 'Sign in')
  await press(grace, 'Use a recovery code')
  await grace.getByLabel('Recovery code').fill(codes[0])
  await press(grace, 'Continue')
  await title(grace, 'Profile')
}

async function mailedLinks() {
  const eve = await open()
  await visit(eve, '/sign-in', 'Sign in')
  await press(eve, 'Email me a code')
  await title(eve, 'Sign in by mail')
  await eve.getByLabel('Email').fill('ada@example.com')
  await press(eve, 'Email me a code')
  await title(eve, 'Check your mail')
  await seen(eve, 'mailed')
  const signIn = await mailOf('ada@example.com', /sign-in code/i)
  await eve.goto(signIn.link)
  await title(eve, 'Sign in')
  assert.ok(!eve.url().includes('#'))
  await seen(eve, 'link')
  await press(eve, 'Sign in')
  await title(eve, 'Profile')
  await visit(eve, '/sessions', 'Sessions')
  await press(eve, 'Sign out everywhere else')
  await eve.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
  await eve.getByText('You are signed in here and nowhere else.').waitFor()

  await visit(eve, '/', 'Profile')
  await eve.getByLabel('New address').fill('countess@example.com')
  await press(eve, 'Change the address')
  await eve.getByText('Links are on their way').waitFor()
  await eve.goto((await mailOf('ada@example.com', /being changed/)).link)
  await title(eve, 'Change your address')
  await seen(eve, 'email')
  await press(eve, 'Agree to the change')
  await title(eve, 'One more step')
  await eve.goto((await mailOf('countess@example.com', /new email address/)).link)
  await press(eve, 'Agree to the change')
  await title(eve, 'Your address has changed')
  await eve.getByRole('link', { name: 'Sign in' }).click()

  await eve.getByRole('link', { name: 'Forgot your password?' }).click()
  await title(eve, 'Forgot your password?')
  await seen(eve, 'reset-ask')
  await eve.getByLabel('Email').fill('countess@example.com')
  await press(eve, 'Send the mail')
  await title(eve, 'Check your mail')
  await seen(eve, 'reset-code')
  await eve.goto((await mailOf('countess@example.com', /Reset your password/)).link)
  await title(eve, 'Choose a new password')
  await seen(eve, 'reset')
  await eve.getByLabel('New password').fill('another horse battery')
  await press(eve, 'Set the password')
  await title(eve, 'Profile')

  await press(eve, 'Delete my account')
  await seen(eve, 'delete')
  await eve.getByRole('dialog').getByRole('button', { name: 'Delete my account' }).click()
  await title(eve, 'Sign in')
  await eve.goto(url + '/account/invitation#token=loami_nothing')
  await title(eve, 'This invitation is over')
  await seen(eve, 'invitation-over')
  await eve.goto(url + '/account/members?return_to=https%3A%2F%2Fevil.example')
  await title(eve, 'Sign in')
}

try {
  for (const step of [adaJoins, adaAddsAPasskey, adaInvitesGrace, graceAccepts, alanAccepts, adaRunsTheOrganization, adaWatchesOver, adaUsesAnApplication, adaComesBack, graceProtectsHerAccount, mailedLinks]) {
    const began = Date.now()
    await step().catch(async (err) => {
      for (const page of [ada, grace]) console.error(page.url(), await page.locator('body').innerText().catch(() => ''))
      throw new Error(`${step.name}: ${err.stack}`)
    })
    if (directory) console.log(step.name, Date.now() - began, 'ms')
  }
  assert.deepEqual(faults, [])
} finally {
  await browser.close()
}
