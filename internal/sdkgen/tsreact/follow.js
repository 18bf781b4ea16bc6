// Live lists as what a cache is fed by: one for a query, however many components show it.
const linger = 3_000; // milliseconds that a list stays which no component shows
const abandoned = 15_000; // likewise, for one that no component has shown yet
const patience = 2_500; // milliseconds for a connection, before the rows are asked for without one
/** The live lists of one client. */
export function createFollower() {
    const lists = new Map();
    const of = (query) => [...lists].flatMap(([name, l]) => (l.rows && (name === query || name.startsWith(query + ' ')) ? [l] : []));
    return {
        follow: (name, source, args, feed, place) => {
            const old = lists.get(name);
            if (old)
                return old;
            const next = begin(source, args, feed, place, () => lists.delete(name));
            lists.set(name, next);
            return next;
        },
        state: (name) => lists.get(name)?.state ?? 'connecting',
        rows: (name) => lists.get(name)?.rows,
        keeps: (query) => of(query).length > 0,
        again: (query) => {
            const found = of(query);
            found.forEach((l) => l.again());
            return found.length > 0;
        },
        end: () => lists.forEach((l) => l.stop()),
    };
}
function begin(source, args, feed, place, ended) {
    let state = 'connecting';
    let rows;
    let refused = false;
    let timer;
    const listeners = new Set();
    const waiting = new Set();
    const known = () => (state === 'live' ? rows : undefined);
    const settle = () => waiting.forEach((w) => w());
    const heard = (info) => {
        const next = info.state === 'failed' ? 'offline' : info.state;
        refused = info.state === 'failed';
        if (next === 'offline')
            settle();
        if (next === state)
            return;
        state = next;
        listeners.forEach((l) => l());
    };
    let unfollow = () => undefined;
    try {
        unfollow = source.live(args, (items, info) => {
            if (info.state === 'connecting')
                return; // nobody's rows yet
            rows = { items, nextCursor: info.nextCursor, ...(info.total !== undefined && { total: info.total }) };
            feed(rows);
            heard(info);
            settle();
        }, { onState: heard, ...(place && { place }) });
    }
    catch {
        state = 'offline'; // what can't be meant: the request that is made in its place says why
    }
    const stop = () => {
        clearTimeout(timer);
        ended();
        unfollow();
        state = 'offline';
        settle();
    };
    timer = setTimeout(stop, abandoned);
    return {
        get state() {
            return state;
        },
        get rows() {
            return known();
        },
        stop,
        again: () => rows && feed(rows),
        subscribe: (listener) => {
            clearTimeout(timer);
            const own = () => listener(); // the same listener may subscribe twice
            listeners.add(own);
            return () => {
                listeners.delete(own);
                if (listeners.size === 0)
                    timer = setTimeout(stop, linger);
            };
        },
        first: (signal) => {
            if (known() || refused || state === 'offline')
                return Promise.resolve(known());
            return new Promise((resolve) => {
                const done = () => {
                    clearTimeout(late);
                    waiting.delete(done);
                    signal?.removeEventListener('abort', done);
                    resolve(known());
                };
                const late = setTimeout(done, patience);
                waiting.add(done);
                signal?.addEventListener('abort', done);
            });
        },
    };
}
