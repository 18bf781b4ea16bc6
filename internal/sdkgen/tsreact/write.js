// The hooks that write. What is shown changes at once, and changes back where the
// server refuses the write.
import { useMutation } from '@tanstack/react-query';
import { root, useIdentity, useLoam } from './context.js';
import { nameOf } from './identity.js';
import { collectionOf } from './read.js';
const same = (names, a, b) => names.every((name) => String(a[name]) === String(b[name]));
// A row with those of its fields changed that it shows.
function merged(row, input) {
    const next = { ...row };
    for (const name in input)
        if (name in row && input[name] !== undefined)
            next[name] = input[name];
    return next;
}
function changedRows(rows, change) {
    return { ...rows, items: rows.items.flatMap((r) => change(r) ?? []) };
}
// Changes a model's rows in all that is cached of it; returns what takes that back.
function patch(loam, who, path, queued, change) {
    const taken = [];
    for (const query of loam.queryClient.getQueryCache().findAll({ queryKey: [root, who, path] })) {
        const before = query.state.data;
        // Live lists show by themselves what waits in the queue.
        if (before === undefined || (queued && loam.follower.keeps(query.queryHash)))
            continue;
        const kind = query.queryKey[3];
        let after;
        if (kind === 'one')
            after = change(before) ?? before;
        else if (kind === 'list')
            after = changedRows(before, change);
        else
            after = { ...before, pages: before.pages.map((p) => changedRows(p, change)) };
        void query.cancel({ revert: true });
        loam.queryClient.setQueryData(query.queryKey, after);
        taken.push([query, before]);
    }
    return () => {
        for (const [query, before] of taken) {
            if (!loam.follower.again(query.queryHash))
                loam.queryClient.setQueryData(query.queryKey, before);
        }
    };
}
function useWrite(path, o, verb, mayQueue, plan) {
    const loam = useLoam();
    const now = useIdentity();
    const { queue, ...callbacks } = o;
    return useMutation({
        ...callbacks,
        mutationKey: [root, path, verb],
        networkMode: 'always', // a write that can't be sent waits in the client's queue
        mutationFn: async (variables) => {
            const who = nameOf(now);
            const queued = mayQueue && (queue ?? now.user !== null);
            const { run, change } = plan(loam, variables);
            const undo = change && patch(loam, who, path, queued, change);
            try {
                return await run(queued ? { queue: true } : {});
            }
            catch (err) {
                undo?.();
                throw err;
            }
            finally {
                // Rows of other models may have it in them.
                void loam.queryClient.invalidateQueries({ queryKey: [root, who], predicate: (q) => q.queryKey.length > 3 && !loam.follower.keeps(q.queryHash) });
            }
        },
    }, loam.queryClient);
}
export function useCreate(path, o) {
    return useWrite(path, o, 'create', true, (loam, input) => ({ run: (options) => collectionOf(loam, path).create(input, options) }));
}
export function useUpsert(path, o) {
    return useWrite(path, o, 'upsert', false, (loam, variables) => {
        const { ifVersion, ...input } = variables;
        return { run: () => collectionOf(loam, path).upsert(input, ifVersion === undefined ? {} : { ifVersion }) };
    });
}
export function useUpdate(path, names, o) {
    return useWrite(path, o, 'update', true, (loam, variables) => {
        const { ifVersion, ...input } = variables;
        const key = {};
        for (const name of names) {
            key[name] = input[name];
            delete input[name];
        }
        return {
            run: (options) => collectionOf(loam, path).update(names.length === 1 ? key[names[0]] : key, input, { ...options, ...(ifVersion !== undefined && { ifVersion }) }),
            change: (row) => (same(names, row, key) ? merged(row, input) : row),
        };
    });
}
export function useDelete(path, names, o) {
    return useWrite(path, o, 'delete', true, (loam, key) => {
        const row = (typeof key === 'object' && key !== null ? key : { [names[0]]: key });
        return { run: (options) => collectionOf(loam, path).delete(key, options), change: (r) => (same(names, r, row) ? undefined : r) };
    });
}
