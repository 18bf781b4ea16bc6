import { LoamError } from './errors.js';
import { createLink, failure } from './link.js';
import { listQuery } from './rows.js';
import { ahead, applied, nothing, whole } from './window.js';
const restless = 1_000; // milliseconds within which to try again what the server could not do
export function createLive(http, session, pending, socket) {
    const lists = new Map();
    const byId = new Map();
    let next = 1;
    const stateOf = (f) => f.error ? 'failed' : link.state === 'offline' ? 'offline' : link.state === 'live' && f.known ? 'live' : f.known ? 'offline' : 'connecting';
    const infoOf = (f, state) => ({ state, nextCursor: f.window.nextCursor, total: f.window.total, error: f.error });
    const completed = (f, row, rows) => {
        const made = f.drafts.get(row) ?? whole(row, f.include, (f.meta.draft?.relations ?? {}), rows);
        if (made)
            f.drafts.set(row, made);
        return made;
    };
    const show = (f) => {
        clearTimeout(f.due);
        f.due = undefined;
        const state = stateOf(f);
        const info = infoOf(f, state);
        const mine = pending().filter((p) => p.path === f.meta.path);
        for (const l of f.listeners) {
            const rows = mine.length ? ahead(f.window.rows, f.meta.key, mine, l.options.place, (row, rows) => completed(f, row, rows)) : f.window.rows;
            const { told } = l;
            l.told = info;
            if (state !== told?.state)
                l.options.onState?.(info);
            if (!f.known && !rows.length)
                continue;
            if (state === told?.state && info.nextCursor === told.nextCursor && l.shown?.length === rows.length && rows.every((r, i) => r === l.shown[i]))
                continue;
            l.rows((l.shown = rows), info);
        }
    };
    // What comes in one go is shown at once.
    const soon = (f) => {
        f.due ??= setTimeout(show, 0, f);
    };
    const ask = (f) => {
        byId.delete(f.id);
        byId.set((f.id = next++), f);
        link.say({ type: 'subscribe', id: f.id, path: f.path, ...(f.position && { since: f.position }) });
    };
    const refused = (f, err) => {
        byId.delete(f.id);
        const again = (err.code === 'realtime/bad_position' && f.position !== undefined) || err.retryable || err.code === 'realtime/restart';
        if (err.code === 'realtime/bad_position')
            f.position = undefined;
        if (again) {
            setTimeout(() => lists.get(f.path) === f && link.state === 'live' && !byId.has(f.id) && ask(f), Math.random() * Math.min(30_000, restless * 2 ** f.tries++));
            return;
        }
        f.error = err;
        show(f);
        f.listeners.forEach((l) => l.options.onError?.(err));
    };
    const link = createLink(http, session, '/live', 'loam-live', {
        opened: () => {
            byId.clear();
            for (const f of lists.values())
                if (!f.error)
                    ask(f);
        },
        heard: (m) => {
            const f = byId.get(m.id);
            if (!f)
                return;
            if (m.type === 'error')
                return refused(f, failure(m['data']));
            if (typeof m['position'] === 'string')
                f.position = m['position'];
            if (m.type === 'position')
                return;
            f.tries = 0;
            if (m.type === 'rows')
                f.known = true;
            f.window = applied(f.window, m.type, (m['data'] ?? {}), f.meta.key);
            soon(f);
        },
        changed: () => lists.forEach(soon),
    }, socket, async () => (await import('./stream.js')).streamSocket(http));
    // Rows of somebody else are nobody's to see.
    const stop = session.onSwitch(() => {
        for (const f of lists.values()) {
            f.window = nothing;
            f.position = f.error = undefined;
            f.known = false;
            f.tries = 0;
            f.listeners.forEach((l) => {
                if (l.shown)
                    l.rows((l.shown = []), infoOf(f, 'connecting'));
            });
            soon(f);
        }
    });
    const begun = (path, meta, include = {}) => {
        const f = { meta, path, include, drafts: new WeakMap(), id: 0, window: nothing, known: false, position: undefined, error: undefined, tries: 0, listeners: new Set(), due: undefined };
        lists.set(path, f);
        link.need(true);
        if (link.state === 'live')
            ask(f);
        return f;
    };
    const ended = (f) => {
        clearTimeout(f.due);
        lists.delete(f.path);
        if (byId.delete(f.id))
            link.say({ type: 'unsubscribe', id: f.id });
        if (!lists.size)
            link.need(false);
    };
    return {
        get state() {
            return link.state;
        },
        onState: link.onState,
        follow: (meta, args, listener, options = {}) => {
            const query = listQuery(args);
            const path = meta.path + (query && '?' + query);
            const f = lists.get(path) ?? begun(path, meta, args.include);
            const l = { rows: listener, options, shown: undefined, told: undefined };
            f.listeners.add(l);
            soon(f);
            return () => {
                if (f.listeners.delete(l) && !f.listeners.size)
                    ended(f);
            };
        },
        refresh: (path) => lists.forEach((f) => (path === undefined || f.meta.path === path) && soon(f)),
        close: () => {
            stop();
            lists.forEach(ended);
            link.close();
        },
    };
}
