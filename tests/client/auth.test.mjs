import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { organizationAdmin } from '../../sdk/js/dist/admin.js'
import { client, project, signedUp, sleep, storage, until } from './server.mjs'

let server
before(async () => (server = await project()))
after(() => server.end())

const name = () => 'loam:' + server.url
const held = (s) => JSON.parse(s.kept.get(name()))
const expire = (s, more) => s.kept.set(name(), JSON.stringify({ ...held(s), ...more }))

test('a sign-up, and who one is after a reload', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  const heard = []
  app.auth.onChange((who) => heard.push(who?.user.email ?? null))
  assert.equal(app.auth.user, null)
  const email = await signedUp(app)
  assert.equal(app.auth.user.email, email)
  assert.equal(app.auth.user.color, 'red')
  assert.equal(app.auth.organization.role, 'owner')
  const again = client(server.url, { storage: s })
  await again.auth.ready
  assert.equal(again.auth.user.email, email)
  assert.deepEqual((await again.notes.list()).items, [])
  await app.auth.signOut()
  assert.equal(app.auth.user, null)
  await until(() => again.auth.user === null, 'the other tab hears of it')
  assert.equal(s.kept.get(name()), undefined)
  assert.equal(heard.at(-1), null)
  await assert.rejects(app.notes.list(), { code: 'access/sign_in' })
  assert.equal((await app.auth.signIn({ email, password: 'a long password' })).status, 'session')
  await assert.rejects(app.auth.signIn({ email, password: 'a wrong password' }), { status: 401 })
  assert.equal(app.auth.user.email, email, 'a failed sign-in changes nothing')
  app.close()
  again.close()
})

test('a hundred calls renew a token once', async () => {
  const s = storage()
  await signedUp(client(server.url, { storage: s }))
  for (const [why, more] of Object.entries({ 'it has expired': { expires: 0 }, 'it is about to': { expires: Date.now() + 5_000 }, 'the server refuses it': { accessToken: 'nonsense' } })) {
    expire(s, more)
    const app = client(server.url, { storage: s })
    await Promise.all(Array.from({ length: 100 }, () => app.notes.list()))
    assert.equal(app.count('POST /auth/refresh'), 1, why)
    app.close()
  }
})

test('two clients that share a storage never show one refresh token twice', async () => {
  const s = storage()
  const [a, b] = [client(server.url, { storage: s }), client(server.url, { storage: s })]
  await signedUp(a)
  await until(() => b.auth.user, 'the other hears of the sign-in')
  for (let round = 0; round < 3; round++) {
    expire(s, { expires: 0 })
    const tabs = [client(server.url, { storage: s }), client(server.url, { storage: s })]
    await Promise.all(tabs.flatMap((app) => [app.auth.refresh(), ...Array.from({ length: 10 }, () => app.notes.list()), app.auth.update({ name: 'Round ' + round })]))
    assert.equal(tabs[0].count('POST /auth/refresh') + tabs[1].count('POST /auth/refresh'), 1)
    tabs.forEach((app) => app.close())
  }
  await Promise.all([a, b].map((app) => app.notes.list()))
  a.close()
  b.close()
})

test('a session that was ended elsewhere ends here', async () => {
  const app = client(server.url)
  const email = await signedUp(app)
  const other = client(server.url)
  await other.auth.signIn({ email, password: 'a long password' })
  assert.equal((await app.auth.sessions.list()).length, 2)
  await other.auth.sessions.endOthers()
  await assert.rejects(app.notes.list(), { status: 401 })
  assert.equal(app.auth.user, null)
  app.close()
  other.close()
})

test('without the server nobody is signed out', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  await signedUp(app)
  expire(s, { expires: 0 })
  const again = client(server.url, { storage: s })
  again.way.open = false
  await assert.rejects(again.notes.list(), { code: 'client/network' })
  assert.ok(again.auth.user)
  again.way.open = true
  await again.notes.list()
  app.close()
  again.close()
})

test('organizations: found, switch, invite, and what is under the other', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  await signedUp(app)
  const home = app.auth.organization.id
  await app.notes.create({ title: 'at home' })
  const { id } = await app.auth.organizations.create({ name: 'Other' })
  const tab = client(server.url, { storage: s })
  await tab.auth.ready
  await app.auth.organizations.switch(id)
  assert.equal(app.auth.organization.id, id)
  await until(() => tab.auth.organization.id === id, 'the other tab goes along')
  assert.deepEqual((await tab.notes.list()).items, [])
  assert.equal((await app.auth.organizations.members()).items.length, 1)
  assert.equal((await app.auth.organizations.invite({ email: 'friend@example.com', role: 'member' })).email, 'friend@example.com')
  assert.equal((await app.auth.organizations.invitations({ limit: 5 })).items.length, 1)
  assert.equal((await app.auth.organizations.roles()).length, 3)
  assert.equal((await app.auth.organizations.update({ name: 'Another' })).name, 'Another')
  assert.equal(app.auth.organization.name, 'Another')
  const slug = (await app.auth.organizations.get()).slug
  await app.auth.organizations.delete(slug)
  assert.equal(app.auth.organization.id, home)
  assert.equal((await app.notes.list()).items.length, 1)
  assert.equal((await app.auth.organizations.list()).length, 1)
  app.close()
  tab.close()
})

test('who runs an organization: its domains, its own sign-in, what happened, and all of it', async () => {
  const app = client(server.url)
  await signedUp(app)
  const admin = organizationAdmin(app)
  const { record, verifiedAt } = await admin.domains.claim('acme-' + process.pid + '.com')
  assert.match(record, /^_loam-challenge\./)
  assert.equal(verifiedAt, null)
  const [{ domain }] = await admin.domains.list()
  await assert.rejects(admin.domains.verify('of-nobody.com'), { status: 404 })
  assert.equal((await admin.domains.update(domain, { role: 'admin' })).role, 'admin')
  await admin.domains.release(domain)
  assert.deepEqual(await admin.domains.list(), [])

  const made = await admin.connections.create({ kind: 'oidc', name: 'Acme', oidc: { issuer: 'https://acme.example', clientId: 'c', clientSecret: 's' } })
  assert.equal(made.provider, 'sso-' + made.id)
  assert.equal((await admin.connections.update(made.id, { enabled: false })).enabled, false)
  assert.equal((await admin.connections.list())[0].oidc.clientSecret, undefined)
  await admin.connections.remove(made.id)

  const team = await app.auth.organizations.createTeam({ name: 'Core' })
  assert.equal((await app.auth.organizations.updateTeam(team.id, { name: 'Edge' })).name, 'Edge')
  const { items, nextCursor } = await admin.audit.list({ action: 'org.connection_added', limit: 5 })
  assert.deepEqual([items.length, nextCursor, items[0].actor], [1, null, 'user:' + app.auth.user.id])
  const lines = (text) => text.trim().split('\n').map((line) => JSON.parse(line))
  assert.equal(lines(await (await admin.audit.export({ action: 'org.connection_added' })).text())[0].id, items[0].id)
  await app.notes.create({ title: 'taken along' })
  assert.match(await (await admin.export()).text(), /taken along/)
  await assert.rejects(organizationAdmin(app, { organization: 'nowhere' }).export(), { status: 404 })
  assert.deepEqual(await app.auth.consents.list(), [])
  await assert.rejects(app.auth.consents.revoke('nobody'), { status: 404 })
  const leaving = new AbortController()
  const answer = await admin.export({ signal: leaving.signal })
  leaving.abort()
  await assert.rejects(answer.text(), { name: 'AbortError' })
  app.close()
})

test('a second factor makes a challenge, which a code answers', async () => {
  const app = client(server.url)
  const email = await signedUp(app)
  const { secret } = await app.auth.factors.beginTotp()
  const { recoveryCodes } = await app.auth.factors.confirmTotp(await totp(secret))
  assert.equal((await app.auth.factors.get()).totp, true)
  await app.auth.signOut()
  const answer = await app.auth.signIn({ email, password: 'a long password' })
  assert.equal(answer.status, 'challenge')
  assert.deepEqual(answer.challenge.kinds, ['totp', 'recovery'])
  assert.equal(app.auth.user, null)
  await assert.rejects(answer.challenge.answer('000000'), { status: 401 })
  assert.equal((await answer.challenge.answer(recoveryCodes[0])).status, 'session')
  assert.equal(app.auth.user.email, email)
  app.close()
})

test('a mailed code, an anonymous user who becomes real, keys, profile, password', async () => {
  const app = client(server.url)
  const email = await signedUp(app)
  await app.auth.sendSignIn({ email })
  let code
  await until(async () => {
    const { items } = await app.http.request('/_mail/messages?to=' + email)
    const mail = items[0] && (await app.http.request('/_mail/messages/' + items[0].id))
    return (code = /\b(\d{6})\b/.exec(mail?.text ?? '')?.[1])
  }, 'a mail')
  const other = client(server.url)
  assert.equal((await other.auth.signInByMail({ email, code })).status, 'session')
  assert.equal((await other.auth.update({ name: 'New', color: 'blue' })).color, 'blue')
  assert.equal(other.auth.user.name, 'New')
  const key = await other.auth.keys.create({ name: 'k', readOnly: true })
  const machine = client(server.url, { apiKey: key.key })
  await assert.rejects(machine.notes.list(), { code: 'access/denied' }) // it is known, and the rules are of members
  await other.auth.keys.revoke(key.id)
  await assert.rejects(machine.notes.list(), { status: 401 })
  await other.auth.changePassword({ new: 'another long password' })
  assert.ok((await other.auth.refresh()).user)
  await assert.rejects(app.notes.list(), { status: 401 })
  assert.equal((await app.auth.signInAnonymously()).status, 'session')
  const { id } = app.auth.user
  await app.notes.create({ title: 'kept' })
  assert.equal((await app.auth.convert({ email: 'real.' + email, password: 'a long password' })).status, 'session')
  assert.equal(app.auth.user.id, id)
  assert.equal((await app.notes.list()).items.length, 1)
  assert.equal((await app.auth.ways()).password.enabled, true)
  assert.deepEqual(await app.auth.providers(), [])
  assert.equal((await app.auth.discover(email)).kind, 'password')
  for (const c of [app, other, machine]) c.close()
})

test('in cookies the tokens are seen by nobody, and are renewed all the same', async () => {
  // A browser keeps cookies; here a fetch does.
  const jar = new Map()
  const options = {
    storage: 'cookie',
    fetch: async (url, init) => {
      const answer = await fetch(url, { ...init, headers: { ...init.headers, Cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ') } })
      for (const cookie of answer.headers.getSetCookie()) {
        const [, k, v, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(cookie)
        if (/Max-Age=0/.test(rest)) jar.delete(k)
        else jar.set(k, v)
      }
      return answer
    },
  }
  const app = client(server.url, options)
  await app.auth.ready
  assert.equal(app.auth.user, null)
  const email = await signedUp(app)
  await app.notes.create({ title: 'a' })
  jar.set('loam', 'nonsense')
  assert.equal((await app.notes.list()).items.length, 1)
  const again = client(server.url, options)
  await again.auth.ready
  assert.equal(again.auth.user.email, email)
  await again.auth.signOut()
  assert.equal(jar.size, 0)
  app.close()
  again.close()
})

// The code of an authenticator app (RFC 6238) at this moment.
async function totp(secret) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(bits.match(/.{8}/g), (b) => parseInt(b, 2)), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
  const counter = new DataView(new ArrayBuffer(8))
  counter.setUint32(4, Math.floor(Date.now() / 30_000))
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter))
  return String((mac.getUint32(mac.getUint8(19) & 15) & 0x7fffffff) % 1e6).padStart(6, '0')
}
