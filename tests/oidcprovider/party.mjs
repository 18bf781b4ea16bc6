// Signs in with the Loam at the address of the first argument, as the clients of
// provider_test.go, by openid-client: a certified implementation of the other side.
// It ends with an error where Loam does not do what the specifications say.
import assert from 'node:assert/strict'
import * as oidc from 'openid-client'

const issuer = new URL(process.argv[2])
const secret = process.env.SHOP_SECRET
const account = { email: 'ada@example.com', password: 'correct horse battery' }

// A browser keeps cookies and goes one step at a time.
class Browser {
  cookies = new Map()

  async go(to, { form, json, headers = {} } = {}) {
    const body = form ? new URLSearchParams(form) : json && JSON.stringify(json)
    const answer = await fetch(new URL(to, issuer), {
      method: body ? 'POST' : 'GET', body, redirect: 'manual',
      headers: { ...headers, ...(json && { 'content-type': 'application/json' }), cookie: [...this.cookies].map(pair => pair.join('=')).join('; ') },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split(/=(.*)/)
      if (/max-age=0/i.test(cookie)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }

  async signIn(path = '/auth/sign-in', more = {}) {
    const answer = await this.go(path, { json: { ...account, ...more }, headers: { 'loam-session': 'cookie' } })
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`)
  }

  // follow goes where it is sent, signs in where it is asked to, agrees, and returns
  // the address of the application's that it ends at.
  async follow(to) {
    for (let step = 0; step < 6; step++) {
      let answer = await this.go(to)
      if (answer.status === 200) {
        const [, request] = (await answer.text()).match(/name="request" value="([^"]+)"/)
        answer = await this.go('/oauth/consent', { form: { request, answer: 'allow' }, headers: { origin: issuer.origin } })
      }
      assert.equal(answer.status, 303, `${to}: ${answer.status} ${await answer.text()}`)
      const next = new URL(answer.headers.get('location'), issuer)
      if (next.origin !== issuer.origin) return next
      if (next.pathname === '/account/sign-in') {
        await this.signIn()
        this.asked = (this.asked ?? 0) + 1
        to = next.searchParams.get('return_to')
      } else to = next
    }
    throw new Error('the browser goes round in circles')
  }
}

const discover = (id, auth) => oidc.discovery(issuer, id, undefined, auth, { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] })

async function authorize(config, redirect, browser, more = {}) {
  const verifier = oidc.randomPKCECodeVerifier(), state = oidc.randomState(), nonce = oidc.randomNonce()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirect, scope: 'openid profile email organization offline_access api', state, nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
  })
  const back = await browser.follow(url)
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
  if (more.max_age) checks.maxAge = Number(more.max_age)
  const tokens = await oidc.authorizationCodeGrant(config, back, checks)
  return { tokens, again: () => oidc.authorizationCodeGrant(config, back, checks) }
}

const refused = (promise, error) => assert.rejects(promise, err => (assert.equal(err.error ?? err.cause?.error, error, String(err)), true))
const api = token => fetch(new URL('/api/notes', issuer), { headers: { authorization: `Bearer ${token}` } })

const browser = new Browser()
await browser.signIn('/auth/sign-up', { name: 'Ada' })
const me = await (await browser.go('/auth/me')).json()

// A client with a secret: every endpoint, with what the user is told.
const callback = 'https://shop.example/callback'
const shop = await discover('shop', oidc.ClientSecretBasic(secret))
assert.ok(shop.serverMetadata().id_token_signing_alg_values_supported.includes('RS256'))
const { tokens, again } = await authorize(shop, callback, browser)
const claims = tokens.claims()
assert.deepEqual([claims.sub, claims.iss, claims.aud, claims.name, claims.email, claims.org, claims.role],
  [me.user.id, issuer.origin, 'shop', 'Ada', account.email, me.organization.id, 'owner'])
const info = await oidc.fetchUserInfo(shop, tokens.access_token, claims.sub)
assert.deepEqual([info.sub, info.name, info.email, info.email_verified, info.org_name], [claims.sub, 'Ada', account.email, false, me.organization.name])
assert.equal((await api(tokens.access_token)).status, 200)
assert.equal((await oidc.tokenIntrospection(shop, tokens.access_token)).active, true)

const renewed = await oidc.refreshTokenGrant(shop, tokens.refresh_token)
assert.equal(renewed.claims().sub, claims.sub)
assert.notEqual(renewed.refresh_token, tokens.refresh_token)
await refused(oidc.refreshTokenGrant(shop, tokens.refresh_token), 'invalid_grant')
await refused(oidc.refreshTokenGrant(shop, renewed.refresh_token), 'invalid_grant')
assert.equal((await oidc.tokenIntrospection(shop, renewed.access_token)).active, false)
await refused(again(), 'invalid_grant')
await assert.rejects(oidc.fetchUserInfo(shop, renewed.access_token, claims.sub))

// The secret in the form, and a token that is revoked.
const posting = await discover('shop', oidc.ClientSecretPost(secret))
const second = await authorize(posting, callback, browser, { prompt: 'none' })
await oidc.tokenRevocation(posting, second.tokens.refresh_token)
await refused(oidc.refreshTokenGrant(posting, second.tokens.refresh_token), 'invalid_grant')
await assert.rejects(authorize(await discover('shop', oidc.ClientSecretPost(secret + 'x')), callback, browser), { status: 401 })

// A command line: a public client on a free port. Without offline_access it gets no
// refresh token, and its session is in the user's list.
const cli = await discover('cli', oidc.None())
const short = await authorize(cli, 'http://127.0.0.1:49152/callback', browser, { scope: 'openid api' })
assert.equal(short.tokens.refresh_token, undefined)
assert.equal((await api(short.tokens.access_token)).status, 200)
const sessions = (await (await browser.go('/auth/sessions')).json()).items
assert.ok(sessions.some(session => session.client === 'Notes for the command line' && session.method === 'client'))
await refused(authorize(cli, 'http://127.0.0.1:49152/callback', browser, { prompt: 'none' }), 'consent_required')

// Nobody signed in; signing in on the way; and a fresh sign-in where one is asked for.
await refused(authorize(shop, callback, new Browser(), { prompt: 'none' }), 'login_required')
const stranger = new Browser()
await authorize(shop, callback, stranger)
assert.equal(stranger.asked, 1)
await authorize(shop, callback, stranger, { max_age: '600' })
assert.equal(stranger.asked, 1)
for (const more of [{ prompt: 'login' }, { max_age: '0' }]) {
  const before = stranger.asked
  const fresh = await authorize(shop, callback, stranger, more)
  assert.equal(stranger.asked, before + 1, JSON.stringify(more))
  assert.ok(fresh.tokens.claims().auth_time >= Date.now() / 1000 - 60)
}
await refused(authorize(await discover('narrow', oidc.None()), 'https://narrow.example/callback', browser), 'invalid_scope')

// Signing out for an application ends its session, and the one of the browser.
const last = await authorize(shop, callback, browser)
const bye = await browser.go(oidc.buildEndSessionUrl(shop, { id_token_hint: last.tokens.id_token, post_logout_redirect_uri: 'https://shop.example/bye', state: 'x1' }))
assert.deepEqual([bye.status, bye.headers.get('location')], [303, 'https://shop.example/bye?state=x1'])
assert.equal((await api(last.tokens.access_token)).status, 401)
assert.equal((await browser.go('/auth/me')).status, 401)

// Without an ID token the user is asked first.
const asked = await stranger.go('/oauth/end-session?client_id=shop')
assert.match(await asked.text(), /Sign out\?/)
assert.equal((await stranger.go('/auth/me')).status, 200)
await stranger.go('/oauth/end-session', { form: { answer: 'sign-out' }, headers: { 'sec-fetch-site': 'cross-site' } })
await stranger.go('/oauth/end-session', { form: { answer: 'sign-out' }, headers: { 'sec-fetch-site': 'same-origin' } })
assert.equal((await stranger.go('/auth/me')).status, 401)
