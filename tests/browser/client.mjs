// The TypeScript client in Chromium, under the policy of the account's pages: passkeys,
// tabs that share a session, and live lists through a lost network.
// Run by browser_test.go: node client.mjs URL CHROMIUM
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const [url, executablePath] = process.argv.slice(2)
const dist = new URL('../../sdk/js/dist/', import.meta.url)
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const context = await browser.newContext()
  await context.route('**/_client/*', async (route) =>
    route.fulfill({ contentType: 'text/javascript', body: await readFile(new URL(new URL(route.request().url()).pathname.split('/').pop(), dist)) }),
  )
  const refused = [] // by the policy
  const open = async () => {
    const page = await context.newPage()
    page.on('console', (m) => /Content Security Policy/.test(m.text()) && refused.push(m.text()))
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    })
    const answer = await page.goto(url + '/account/sign-in')
    assert.match(answer.headers()['content-security-policy'], /script-src 'self'/)
    await page.evaluate(async () => {
      const { createClient } = await import('/_client/index.js')
      window.asked = []
      window.app = createClient({ notes: ['id'] }, { fetch: (u, init) => (window.asked.push(u), fetch(u, init)) })
      await window.app.auth.ready
      window.until = async (is) => {
        for (let i = 0; i < 6000 && !is(); i++) await new Promise((done) => setTimeout(done, 5))
        if (!is()) throw new Error('never: ' + is)
      }
    })
    return page
  }
  const one = await open()
  const two = await open()

  await one.bringToFront()

  // A sign-up shows in the other tab; so do a passkey's sign-in and a sign-out.
  await one.evaluate(async () => {
    const { app } = window
    await app.auth.signUp({ email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' })
    await app.auth.passkeys.add('Laptop')
    await app.auth.signOut()
    await app.auth.signInWithPasskey()
    await app.auth.reauthenticate('passkey')
  })
  await two.evaluate(() => window.until(() => window.app.auth.user?.name === 'Ada'))

  // Both need new tokens at once: they are got once, by Web Locks.
  const expire = () => {
    const held = JSON.parse(localStorage.getItem('loam:'))
    localStorage.setItem('loam:', JSON.stringify({ ...held, expires: 0 }))
  }
  await one.evaluate(expire)
  const [three, four] = [await open(), await open()]
  const list = () => Promise.all(Array.from({ length: 20 }, () => window.app.notes.list())).then(() => window.asked.filter((u) => u === '/auth/refresh').length)
  const renewals = await Promise.all([three.evaluate(list), four.evaluate(list)])
  assert.equal(renewals[0] + renewals[1], 1)

  // A list is live in one tab while another writes; through a lost network as well.
  await three.evaluate(async () => {
    window.seen = ''
    window.app.notes.live({ sort: 'text' }, (rows, info) => (window.seen = info.state + ' ' + rows.map((r) => r.text)), { place: () => 'last' })
    await window.until(() => window.seen === 'live ')
  })
  await four.evaluate(() => window.app.notes.create({ text: 'a' }))
  await three.evaluate(() => window.until(() => window.seen === 'live a'))
  await context.setOffline(true)
  await three.evaluate(async () => {
    window.dispatchEvent(new Event('offline'))
    await window.until(() => window.seen === 'offline a')
    window.written = window.app.notes.create({ text: 'b' }, { queue: true })
    await window.until(() => window.seen === 'offline a,b')
  })
  await context.setOffline(false)
  await three.evaluate(async () => {
    window.dispatchEvent(new Event('online'))
    await window.written
    await window.until(() => window.seen === 'live a,b')
  })

  await four.evaluate(() => window.app.auth.signOut())
  for (const page of [one, two, three]) await page.evaluate(() => window.until(() => window.app.auth.user === null))
  assert.equal(await one.evaluate(() => localStorage.length), 0)
  assert.deepEqual(refused, [])
} finally {
  await browser.close()
}
