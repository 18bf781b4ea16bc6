// Starts an OpenID issuer on a loopback port, for one client whose redirect_uri is
// the argument, and prints `ready http://...`. Whoever signs in is who they say.
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'loam', client_secret: 's3cret', redirect_uris: [process.argv[2]] }],
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
    cookies: { keys: ['of a test'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== 'unverified', name: id, locale: 'en' }),
    }),
  })
  server.on('request', provider.callback())
  console.log(`ready ${issuer}`)
})
process.stdin.resume().on('end', () => process.exit()) // ends with who started it
