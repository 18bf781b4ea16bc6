// Passkeys: between the server's JSON and the browser's own objects.

export interface Options {
  id?: string
  publicKey: { challenge: string } & Record<string, unknown>
}

/** usable tells whether a browser asks for passkeys on this page: it needs a name,
 * not a number, and a secure connection or this machine. */
export function usable(): boolean {
  return window.isSecureContext && 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(location.hostname)
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))

const text = (buffer: ArrayBuffer | null): string | undefined =>
  buffer === null ? undefined : btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

type Descriptor = { id: string; type: 'public-key'; transports?: AuthenticatorTransport[] }

const described = (list: unknown): PublicKeyCredentialDescriptor[] => ((list ?? []) as Descriptor[]).map((d) => ({ ...d, id: bytes(d.id) }))

// refusal is an error in words for people.
function refusal(err: unknown): Error {
  const name = err instanceof Error ? err.name : ''
  if (name === 'NotAllowedError') return new Error('The passkey was not used: it was cancelled, or took too long.')
  if (name === 'SecurityError') return new Error('This address is not one that the passkey works on.')
  return err instanceof Error ? err : new Error(String(err))
}

/** use lets the browser sign with a passkey; the answer goes to the server. */
export async function use(o: Options): Promise<unknown> {
  const publicKey = { ...o.publicKey, challenge: bytes(o.publicKey.challenge), allowCredentials: described(o.publicKey.allowCredentials) }
  try {
    const found = (await navigator.credentials.get({
      publicKey: publicKey as PublicKeyCredentialRequestOptions,
    })) as PublicKeyCredential
    const r = found.response as AuthenticatorAssertionResponse
    return {
      id: found.id, rawId: text(found.rawId), type: found.type, authenticatorAttachment: found.authenticatorAttachment, clientExtensionResults: {},
      response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle) },
    }
  } catch (err) {
    throw refusal(err)
  }
}
