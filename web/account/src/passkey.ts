// Passkeys: between the server's JSON and the browser's own objects.

import { ask } from './api'

export interface Options {
  id?: string
  publicKey: { challenge: string } & Record<string, unknown>
}

// usable tells whether a browser asks for passkeys on this page: it needs a name,
// not a number, and a secure connection or this machine.
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
  if (name === 'InvalidStateError') return new Error('This device has a passkey of your account already.')
  if (name === 'SecurityError') return new Error('This address is not one that the passkey works on.')
  return err instanceof Error ? err : new Error(String(err))
}

// make lets the browser make a passkey; the answer goes to the server.
export async function make(o: Options): Promise<unknown> {
  const p = o.publicKey as unknown as PublicKeyCredentialCreationOptionsJSON
  const publicKey = { ...p, challenge: bytes(p.challenge), user: { ...p.user, id: bytes(p.user.id) }, excludeCredentials: described(p.excludeCredentials) }
  try {
    const made = (await navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions })) as PublicKeyCredential
    const r = made.response as AuthenticatorAttestationResponse
    return {
      id: made.id, rawId: text(made.rawId), type: made.type, authenticatorAttachment: made.authenticatorAttachment, clientExtensionResults: {},
      response: { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports() },
    }
  } catch (err) {
    throw refusal(err)
  }
}

// use lets the browser sign with a passkey; the answer goes to the server.
// Conditional use waits in the background for one that is picked from the
// suggestions of a field.
export async function use(o: Options, signal?: AbortSignal, conditional = false): Promise<unknown> {
  const publicKey = { ...o.publicKey, challenge: bytes(o.publicKey.challenge), allowCredentials: described(o.publicKey.allowCredentials) }
  try {
    const found = (await navigator.credentials.get({
      publicKey: publicKey as PublicKeyCredentialRequestOptions,
      ...(signal ? { signal } : {}),
      ...(conditional ? { mediation: 'conditional' as const } : {}),
    })) as PublicKeyCredential
    const r = found.response as AuthenticatorAssertionResponse
    return {
      id: found.id, rawId: text(found.rawId), type: found.type, authenticatorAttachment: found.authenticatorAttachment, clientExtensionResults: {},
      response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle) },
    }
  } catch (err) {
    if (err instanceof Error && err.name === 'AbortError') throw err
    throw refusal(err)
  }
}

// suggests tells whether the browser offers passkeys among the suggestions of a field.
export async function suggests(): Promise<boolean> {
  return usable() && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false)
}

// signIn runs a sign-in by passkey.
export async function signIn<T>(signal?: AbortSignal, conditional = false): Promise<T> {
  const options = await ask<Options>('POST', '/auth/sign-in/passkey/options')
  const passkey = await use(options, signal, conditional)
  return ask<T>('POST', '/auth/sign-in/passkey', { id: options.id, passkey })
}
