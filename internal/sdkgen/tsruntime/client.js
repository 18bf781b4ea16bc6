import { createAuth } from './auth.js';
import { createBatch } from './batch.js';
import { createChannels } from './channels.js';
import { createLive } from './live.js';
import { browserPasskeys } from './passkey.js';
import { createQueue } from './queue.js';
import { createHttp } from './request.js';
import { createCollection } from './rows.js';
import { createSession } from './session.js';
import { createStore } from './storage.js';
/** Makes a client. The generated file calls it with what it knows of the models, and its own types. */
export function createClient(keys, options = {}, drafts = {}) {
    const metas = {};
    for (const [name, key] of Object.entries(keys))
        metas[name] = { path: '/api/' + name, key, draft: drafts[name] };
    const cookie = options.storage === 'cookie';
    const http = createHttp(cookie ? { credentials: 'include', ...options, headers: { 'Loam-Session': 'cookie', ...options.headers } } : options);
    const name = 'loam:' + http.url;
    const session = createSession(http, createStore(options.storage, name), cookie);
    http.credentials = session;
    const queue = createQueue(http, session, createStore(options.storage, name + ':queue'), metas, (path) => live.refresh(path));
    const live = createLive(http, session, queue.pending, options.webSocket);
    const channels = createChannels(http, session, options.webSocket);
    const trips = createStore(typeof options.storage === 'object' ? options.storage : 'session', name + ':trip');
    const auth = createAuth(http, session, trips, options.passkeys ?? browserPasskeys, queue.clear);
    const collections = Object.fromEntries(Object.entries(metas).map(([name, meta]) => {
        const follow = (args, listener, o) => live.follow(meta, args, listener, o);
        return [name, { ...createCollection(http, meta, queue), live: follow }];
    }));
    const close = () => [live, channels, queue, session, trips].forEach((part) => part.close());
    return {
        ...collections,
        http,
        batch: createBatch(http, metas),
        auth,
        connection: live,
        channels: Object.assign(channels, collections['channels']), // a model may have that name
        queue,
        close,
    };
}
