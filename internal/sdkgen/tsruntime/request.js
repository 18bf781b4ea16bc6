import { LoamError, problem } from './errors.js';
import { newId } from './id.js';
const givenUp = 'the request was given up';
const defaultTimeout = 30_000;
const defaultRetries = 3;
const firstWait = 250; // milliseconds; each further one is at most twice as long
const longestWait = 8_000;
// Segments of dots, which a browser takes for the way up, also where they are escaped.
const goesUp = /^[^?#]*\/(\.|%2e){1,2}([/?#]|$)/i;
const longestObeyed = 60_000; // of a Retry-After; with a longer one the caller gets the error at once
/** Makes the way to a server. */
export function createHttp(options) {
    const url = (options.url ?? '').replace(/\/+$/, '');
    const http = {
        options,
        url,
        credentials: undefined,
        request: async (path, o = {}) => (await http.send(path, o)).body,
        send: async (path, o = {}) => {
            if (goesUp.test(path))
                throw new LoamError({ code: 'client/argument', message: 'an id of dots would lead elsewhere: ' + path });
            const { signal } = o;
            const asker = o.auth === false ? undefined : http.credentials;
            let as = o.as;
            let key;
            let failures = 0;
            let renewed = false;
            for (;;) {
                let token;
                let sent = false;
                try {
                    token = await heeding(signal, asker?.authorize());
                    if ((as ||= asker?.who) !== asker?.who)
                        throw aborted('another user or organization is active by now');
                    if (o.idempotencyKey !== true)
                        key = o.idempotencyKey;
                    else if (token !== undefined || options.apiKey !== undefined)
                        key ??= newId();
                    sent = true;
                    return await attempt(http, path, o, token, key);
                }
                catch (err) {
                    if (!(err instanceof LoamError) || signal?.aborted)
                        throw err;
                    if (err.status === 401 && token !== undefined && !renewed && (await heeding(signal, asker?.unauthorized(token, err)))) {
                        renewed = true; // the server has done nothing yet, so that any request may be sent again
                        continue;
                    }
                    if (!err.retryable || !(o.retry ?? (!sent || isSafe(o, key))) || failures >= (options.retries ?? defaultRetries))
                        throw err;
                    if ((err.retryAfter ?? 0) > longestObeyed)
                        throw err;
                    await sleep(waitBefore(failures++, err.retryAfter), signal);
                }
            }
        },
    };
    return http;
}
function isSafe(o, key) {
    return key !== undefined || ['GET', 'HEAD', 'PUT', 'DELETE'].includes(o.method ?? 'GET');
}
// Full jitter: anything from nothing to the bound, so that clients who failed
// together don't come back together. What the server asks for comes on top.
function waitBefore(failures, retryAfter = 0) {
    return retryAfter + Math.random() * Math.min(longestWait, firstWait * 2 ** failures);
}
async function attempt(http, path, o, token, key) {
    const options = http.options;
    const headers = { Accept: 'application/json', ...options.headers, ...o.headers };
    if (o.body !== undefined)
        headers['Content-Type'] = 'application/json';
    if (token)
        headers['Authorization'] = 'Bearer ' + token;
    else if (options.apiKey !== undefined && o.auth !== false)
        headers['X-Api-Key'] = options.apiKey;
    if (key !== undefined)
        headers['Idempotency-Key'] = key;
    if (o.ifVersion !== undefined)
        headers['If-Match'] = `"${o.ifVersion}"`;
    const init = { method: o.method ?? 'GET', headers };
    if (o.body !== undefined)
        init.body = JSON.stringify(o.body);
    if (options.credentials !== undefined)
        init.credentials = options.credentials;
    const limit = within(o.signal, o.timeout ?? options.timeout ?? defaultTimeout);
    init.signal = limit.signal;
    let answer;
    let text = '';
    let raw = false;
    try {
        if (limit.signal.aborted)
            throw limit.signal.reason;
        answer = await (options.fetch ?? globalThis.fetch)(http.url + path, init);
        if (!(raw = answer.ok && o.raw === true))
            text = await answer.text();
    }
    catch (cause) {
        throw limit.error() ?? new LoamError({ code: 'client/network', message: 'the server can’t be reached', retryable: true, cause });
    }
    finally {
        limit.end(raw);
    }
    const header = (name) => answer.headers.get(name);
    if (!answer.ok)
        throw problem(answer.status, text, header);
    return { status: answer.status, body: raw ? answer : parse(answer.status, text), header };
}
/** The query of a URL, of what is set. URLSearchParams is half of itself on React Native. */
export function queryOf(values) {
    const set = Object.entries(values).filter(([, v]) => v !== undefined && v !== null);
    return (set.length ? '?' : '') + set.map(([name, v]) => name + '=' + encodeURIComponent(String(v))).join('&');
}
function parse(status, text) {
    if (text === '')
        return undefined;
    try {
        return JSON.parse(text);
    }
    catch (cause) {
        throw new LoamError({ code: 'client/answer', message: 'the answer is not JSON: is this the address of a Loam server?', status, cause });
    }
}
// AbortSignal.any and timeout are not everywhere yet.
function within(outer, ms) {
    const inner = new AbortController();
    let late = false;
    const abort = () => inner.abort(outer?.reason);
    const timer = ms > 0 ? setTimeout(() => ((late = true), inner.abort()), ms) : undefined;
    if (outer?.aborted)
        abort();
    outer?.addEventListener('abort', abort);
    return {
        signal: inner.signal,
        error: () => {
            if (outer?.aborted)
                return aborted(givenUp, outer.reason);
            return late ? new LoamError({ code: 'client/timeout', message: `no answer within ${ms} ms`, retryable: true }) : undefined;
        },
        // What goes on coming may still be given up.
        end: (goesOn) => {
            clearTimeout(timer);
            if (!goesOn)
                outer?.removeEventListener('abort', abort);
        },
    };
}
function aborted(message, cause) {
    return new LoamError({ code: 'client/aborted', message, cause });
}
// Waits, unless the signal ends it: then it throws `client/aborted`. What is waited for
// goes on, since others may wait for it as well.
function heeding(signal, promise) {
    if (!signal || !promise)
        return promise;
    return new Promise((resolve, reject) => {
        const stop = () => reject(aborted(givenUp, signal.reason));
        if (signal.aborted)
            stop();
        signal.addEventListener('abort', stop);
        void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
}
/** Waits, unless the signal ends it: then it throws `client/aborted`. */
export async function sleep(ms, signal) {
    let timer;
    await heeding(signal, new Promise((resolve) => (timer = setTimeout(resolve, ms))))?.finally(() => clearTimeout(timer));
}
