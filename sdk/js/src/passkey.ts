// Passkeys, between the server's JSON and the browser's own objects.

import { LoamError } from './errors.js'

/** What makes passkeys and signs with them, from JSON to JSON; of React Native, a library does. */
export interface PasskeyDevice {
  create(options: object): Promise<object>
  get(options: object, how: { signal?: AbortSignal | undefined; conditional?: boolean }): Promise<object>
}

interface Described {
  id: string
}

interface OptionsJSON {
  challenge: string
  user?: { id: string }
  excludeCredentials?: Described[]
  allowCredentials?: Described[]
}

const bytes = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))

/** Bytes in base64url. */
export const base64url = (buffer: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')

const named = (d: Described) => ({ ...d, id: bytes(d.id) })

// What a browser is asked with, for either: of what is not its own it takes no notice.
function asked(options: object): unknown {
  const { challenge, user, excludeCredentials, allowCredentials, ...rest } = options as OptionsJSON
  return { ...rest, challenge: bytes(challenge), user: user && named(user), excludeCredentials: excludeCredentials?.map(named), allowCredentials: allowCredentials?.map(named) }
}

// What a browser answers, with its buffers as text.
function answer(c: PublicKeyCredential): object {
  const r = c.response as unknown as Record<string, unknown> & { getTransports?(): string[] }
  const response: Record<string, unknown> = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (r[name] instanceof ArrayBuffer) response[name] = base64url(r[name])
  }
  if (r.getTransports) response['transports'] = r.getTransports()
  return { id: c.id, rawId: base64url(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: {}, response }
}

async function answered(ask: () => Promise<Credential | null>): Promise<object> {
  try {
    return answer((await ask()) as PublicKeyCredential)
  } catch (cause) {
    const aborted = (cause as Error).name === 'AbortError'
    throw new LoamError({ code: aborted ? 'client/aborted' : 'client/passkey', message: 'no passkey was used: ' + (cause as Error).message, cause })
  }
}

/** The browser's own. */
export const browserPasskeys: PasskeyDevice = {
  create: (options) =>
    answered(() => navigator.credentials.create({ publicKey: asked(options) as PublicKeyCredentialCreationOptions })),
  get: (options, { signal, conditional }) =>
    answered(() => {
      const request: CredentialRequestOptions = { publicKey: asked(options) as PublicKeyCredentialRequestOptions }
      if (signal) request.signal = signal
      if (conditional) request.mediation = 'conditional'
      return navigator.credentials.get(request)
    }),
}
