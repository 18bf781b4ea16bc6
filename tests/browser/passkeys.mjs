// Adds a passkey in Chromium, signs in with it alone, answers a challenge with it
// and proves a session anew. Run by browser_test.go: node passkeys.mjs URL CHROMIUM
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { chromium } from 'playwright-core'

const [url, executablePath] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const page = await browser.newPage()
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  await page.goto(url + '/api')

  // ask sends a request from the page, as an app would.
  const ask = (method, path, body, token) =>
    page.evaluate(
      async ([method, path, body, token]) => {
        const headers = { 'Content-Type': 'application/json' }
        if (token) headers.Authorization = 'Bearer ' + token
        const r = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
        const text = await r.text()
        return { status: r.status, body: text && JSON.parse(text) }
      },
      [method, path, body, token],
    )
  const good = async (...request) => {
    const { status, body } = await ask(...request)
    assert.ok(status < 300, `${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const create = (publicKey) =>
    page.evaluate(
      async (o) => (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o) })).toJSON(),
      publicKey,
    )
  const get = (publicKey) =>
    page.evaluate(
      async (o) => (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) })).toJSON(),
      publicKey,
    )

  // A passkey.
  const login = { email: 'ada@example.com', password: 'correct horse battery' }
  let token = (await good('POST', '/auth/sign-up', login)).accessToken
  let options = await good('POST', '/auth/passkeys/options', {}, token)
  const added = await good('POST', '/auth/passkeys', { id: options.id, passkey: await create(options.publicKey), name: 'Laptop' }, token)
  assert.equal(added.name, 'Laptop')
  assert.deepEqual(added.transports, ['internal'])
  options = await good('POST', '/auth/passkeys/options', {}, token)
  await assert.rejects(create(options.publicKey), /InvalidStateError/, 'the same device twice')

  // It signs in alone, and once.
  await good('POST', '/auth/sign-out', undefined, token)
  assert.equal((await ask('GET', '/auth/me', undefined, token)).status, 401)
  options = await good('POST', '/auth/sign-in/passkey/options')
  const answer = { id: options.id, passkey: await get(options.publicKey) }
  token = (await good('POST', '/auth/sign-in/passkey', answer)).accessToken
  assert.equal((await good('GET', '/auth/me', undefined, token)).user.email, login.email)
  assert.equal((await ask('POST', '/auth/sign-in/passkey', answer)).body.code, 'factor/options_ended')

  // It is the second factor of a password.
  const { secret } = await good('POST', '/auth/totp', undefined, token)
  await good('POST', '/auth/totp/confirm', { code: totp(secret) }, token)
  await good('POST', '/auth/sign-out', undefined, token)
  const { challenge, accessToken } = await good('POST', '/auth/sign-in', login)
  assert.equal(accessToken, undefined)
  assert.deepEqual(challenge.kinds, ['totp', 'passkey', 'recovery'])
  options = await good('POST', '/auth/challenge/passkey', { id: challenge.id })
  token = (await good('POST', '/auth/challenge', { id: challenge.id, passkey: await get(options.publicKey) })).accessToken
  assert.equal((await good('GET', '/auth/factors', undefined, token)).passkeys, 1)

  // It proves a session anew.
  options = await good('POST', '/auth/reauthenticate/options', undefined, token)
  await good('POST', '/auth/reauthenticate', { id: options.id, passkey: await get(options.publicKey) }, token)

  // Nobody signs in with a device that does not know its holder.
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  options = await good('POST', '/auth/sign-in/passkey/options')
  await assert.rejects(get(options.publicKey), /NotAllowedError/, 'without verification')
} finally {
  await browser.close()
}

// totp is the code of an authenticator app (RFC 6238).
function totp(secret) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)))
  const mac = createHmac('sha1', key).update(step).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0')
}
