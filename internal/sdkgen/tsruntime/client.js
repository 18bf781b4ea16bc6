import { createBatch } from './batch.js';
import { createHttp } from './request.js';
import { createCollection } from './rows.js';
/** Makes a client. The generated file calls it with the models' keys, and its own types. */
export function createClient(keys, options = {}) {
    const http = createHttp(options);
    const metas = {};
    for (const [name, key] of Object.entries(keys))
        metas[name] = { path: '/api/' + name, key };
    const collections = Object.fromEntries(Object.entries(metas).map(([name, meta]) => [name, createCollection(http, meta)]));
    return { ...collections, http, batch: createBatch(http, metas) };
}
