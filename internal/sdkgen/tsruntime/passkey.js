// Passkeys, between the server's JSON and the browser's own objects.
import { LoamError } from './errors.js';
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
/** Bytes in base64url. */
export const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
const named = (d) => ({ ...d, id: bytes(d.id) });
// What a browser is asked with, for either: of what is not its own it takes no notice.
function asked(options) {
    const { challenge, user, excludeCredentials, allowCredentials, ...rest } = options;
    return { ...rest, challenge: bytes(challenge), user: user && named(user), excludeCredentials: excludeCredentials?.map(named), allowCredentials: allowCredentials?.map(named) };
}
// What a browser answers, with its buffers as text.
function answer(c) {
    const r = c.response;
    const response = {};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
        if (r[name] instanceof ArrayBuffer)
            response[name] = base64url(r[name]);
    }
    if (r.getTransports)
        response['transports'] = r.getTransports();
    return { id: c.id, rawId: base64url(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: {}, response };
}
async function answered(ask) {
    try {
        return answer((await ask()));
    }
    catch (cause) {
        const aborted = cause.name === 'AbortError';
        throw new LoamError({ code: aborted ? 'client/aborted' : 'client/passkey', message: 'no passkey was used: ' + cause.message, cause });
    }
}
/** The browser's own. */
export const browserPasskeys = {
    create: (options) => answered(() => navigator.credentials.create({ publicKey: asked(options) })),
    get: (options, { signal, conditional }) => answered(() => {
        const request = { publicKey: asked(options) };
        if (signal)
            request.signal = signal;
        if (conditional)
            request.mediation = 'conditional';
        return navigator.credentials.get(request);
    }),
};
