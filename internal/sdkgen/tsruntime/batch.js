import { rowPath } from './rows.js';
/** Makes the function that runs several writes as one transaction. */
export function createBatch(http, metas) {
    const tx = Object.fromEntries(Object.entries(metas).map(([name, meta]) => [name, writesOf(meta)]));
    return async (build, options = {}) => {
        const { idempotencyKey = true, ...rest } = options;
        const operations = build(tx);
        if (operations.length === 0)
            return [];
        const answer = await http.request('/api/batch', { ...rest, method: 'POST', body: { operations }, idempotencyKey });
        return answer.results.map((r) => r.body);
    };
}
function writesOf(meta) {
    const version = (o) => (o?.ifVersion === undefined ? {} : { ifMatch: String(o.ifVersion) });
    return {
        create: (body) => ({ method: 'POST', path: meta.path, body }),
        update: (key, body, o) => ({ method: 'PATCH', path: rowPath(meta, key), body, ...version(o) }),
        upsert: (body, o) => ({ method: 'PUT', path: meta.path, body, ...version(o) }),
        delete: (key, o) => ({ method: 'DELETE', path: rowPath(meta, key), ...version(o) }),
    };
}
