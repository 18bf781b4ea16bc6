import { LoamError } from './errors.js';
import { newId } from './id.js';
import { createListeners } from './listeners.js';
import { sleep } from './request.js';
const lease = 20_000; // milliseconds that nobody else may come in, where there are no Web Locks
const propagation = 150; // until another process of the browser reads what was written
const settling = 40; // that everybody who saw no lease has written theirs within
function memory() {
    const kept = new Map();
    return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
}
// A browser that forbids storage throws where it is looked at.
function browser(name) {
    try {
        const found = globalThis[name];
        found?.getItem('');
        return found;
    }
    catch {
        return undefined;
    }
}
/** One name in a storage. */
export function createStore(choice, key) {
    const common = typeof choice === 'object' ? choice : choice === 'memory' || choice === 'session' ? undefined : browser('localStorage');
    const shared = common !== undefined;
    const storage = common ?? (choice === 'session' ? browser('sessionStorage') : undefined) ?? memory();
    const parse = (text) => {
        try {
            return text === null ? null : JSON.parse(text);
        }
        catch {
            return null; // not ours
        }
    };
    const write = async (value) => {
        if (value === null)
            await storage.removeItem(key);
        else
            await storage.setItem(key, JSON.stringify(value));
    };
    const others = createListeners();
    const channel = shared && typeof BroadcastChannel !== 'undefined' ? new BroadcastChannel(key) : undefined;
    channel?.unref?.(); // Node would wait for it
    const gone = new AbortController();
    const stored = (e) => {
        if (e.key === key || e.key === null)
            others.tell(undefined);
    };
    if (channel)
        channel.onmessage = (e) => others.tell(e.data);
    if (shared)
        globalThis.addEventListener?.('storage', stored, { signal: gone.signal }); // the channel may be faster than what is stored
    let changes = Promise.resolve();
    return {
        read: async () => parse(await storage.getItem(key)),
        write,
        change: (fn) => {
            const next = changes.then(async () => {
                const text = storage.getItem(key);
                await write(fn(parse(typeof text === 'object' && text ? await text : text))); // nobody comes between where neither waits
            });
            changes = next.catch(() => undefined);
            return next;
        },
        alone: async (fn) => {
            if (!shared)
                return fn();
            const locks = globalThis.navigator?.locks;
            if (!locks)
                return byLease(storage, key + ':lock', fn);
            return new Promise((resolve, reject) => {
                locks.request(key, async () => {
                    await fn().then(resolve, reject);
                    await sleep(propagation); // nobody is waited for but the next
                }).catch(reject);
            });
        },
        tell: (message) => channel?.postMessage(message),
        hear: others.on,
        close: () => {
            channel?.close();
            gone.abort();
        },
    };
}
// Whoever's lease stands a moment after it was written has it.
async function byLease(storage, key, fn) {
    const me = newId();
    for (const end = Date.now() + 3 * lease; Date.now() < end; await sleep(settling * (1 + Math.random()))) {
        const [, until] = (await storage.getItem(key))?.split(' ') ?? [];
        if (Number(until ?? 0) > Date.now())
            continue;
        await storage.setItem(key, me + ' ' + (Date.now() + lease));
        await sleep(settling);
        const mine = async () => (await storage.getItem(key))?.startsWith(me) ?? false;
        if (!(await mine()))
            continue;
        try {
            return await fn();
        }
        finally {
            if (await mine())
                await storage.removeItem(key);
        }
    }
    throw new LoamError({ code: 'client/timeout', message: 'another tab holds the session for too long', retryable: true });
}
