// The hooks that read, whatever the model. What they answer has its types in model.ts, and
// none here: those that TypeScript finds are hundreds of lines.
import { useCallback, useSyncExternalStore } from 'react';
import { hashKey, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { root, useIdentity, useLoam } from './context.js';
import { nameOf } from './identity.js';
// A condition on undefined is refused, where none at all is answered with every row: for
// TanStack Query, whose hashes leave it out, it is something.
function marked(asked) {
    if (asked === undefined)
        return '\0';
    if (Array.isArray(asked))
        return asked.map(marked);
    if (typeof asked !== 'object' || asked === null || Object.getPrototypeOf(asked) !== Object.prototype)
        return asked;
    return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, marked(value)]));
}
/** `['loam', whose, 'tasks', 'list', { where }]` */
export const keyOf = (who, path, kind, ...asked) => [root, who, path, kind, ...asked.map(marked)];
export const collectionOf = (loam, path) => loam.client[path];
export const onServer = typeof window === 'undefined';
/** What TanStack Query is asked with, for all kinds alike. The client itself has tried again. */
export function common(who, ready, o) {
    const { enabled = true, keepPrevious, staleTime, gcTime, refetchInterval, throwOnError } = o;
    return {
        enabled: ready && enabled,
        retry: false,
        notifyOnChangeProps: 'all', // the results are taken apart here
        // Never somebody else's, whatever the app's defaults are.
        placeholderData: (before, query) => (keepPrevious && query?.queryKey[1] === who ? before : undefined),
        ...(staleTime !== undefined && { staleTime }),
        ...(gcTime !== undefined && { gcTime }),
        ...(refetchInterval !== undefined && { refetchInterval }),
        ...(throwOnError !== undefined && { throwOnError }),
    };
}
// Follows what is asked, as long as the component is there.
function useFollowed(path, asked, o, ready) {
    const loam = useLoam();
    const name = hashKey(asked.queryKey);
    const wanted = ready && (o.live ?? true) && (o.enabled ?? true) && !onServer;
    const { place } = o;
    const follow = () => loam.follower.follow(name, collectionOf(loam, path), asked.args, (rows) => {
        if (nameOf(loam.identity.get()) !== asked.queryKey[1])
            return;
        const data = asked.of(rows);
        if (data !== undefined)
            loam.queryClient.setQueryData(asked.queryKey, data);
        else if (loam.queryClient.getQueryData(asked.queryKey) !== undefined)
            void loam.queryClient.invalidateQueries({ queryKey: asked.queryKey, exact: true });
    }, typeof place === 'string' ? () => place : place);
    const subscribe = useCallback((listener) => (wanted ? follow().subscribe(listener) : () => undefined), [loam, name, wanted]);
    const live = useSyncExternalStore(subscribe, () => (wanted ? loam.follower.state(name) : (o.live ?? true) ? 'connecting' : 'offline'), () => 'connecting');
    const queryFn = async ({ signal }) => {
        const rows = wanted ? await follow().first(signal) : undefined;
        return (rows && asked.of(rows)) ?? asked.fetch(signal);
    };
    return { live, queryFn, queryClient: loam.queryClient };
}
/** Who asks; with `waits` a component is suspended until that is known. */
export function useWho(waits) {
    const { identity } = useLoam();
    const now = useIdentity();
    if (waits && !onServer && !identity.get().ready)
        throw identity.known; // Suspense waits for it
    return { who: nameOf(now), ready: now.ready || waits };
}
const listOf = (loam, who, path, args) => ({
    queryKey: keyOf(who, path, 'list', args),
    args,
    of: (rows) => rows,
    fetch: (signal) => collectionOf(loam, path).list(args, { signal }),
});
const whereOf = (names, key) => typeof key === 'object' && key !== null ? Object.fromEntries(names.map((name) => [name, key[name]])) : { [names[0]]: key };
function oneOf(loam, who, path, names, key, args) {
    return {
        queryKey: keyOf(who, path, 'one', key, args),
        args: { ...args, where: whereOf(names, key), limit: 1 },
        of: (rows) => rows.items[0],
        fetch: (signal) => collectionOf(loam, path).get(key, args, { signal }),
    };
}
const listed = (data) => ({ data: data?.items, nextCursor: data?.nextCursor ?? null, total: data?.total });
export function useList(path, args, o) {
    const { who, ready } = useWho(false);
    const asked = listOf(useLoam(), who, path, args);
    const { live, queryFn, queryClient } = useFollowed(path, asked, o, ready);
    const query = useQuery({ ...common(who, ready, o), queryKey: asked.queryKey, queryFn }, queryClient);
    return { ...query, ...listed(query.data), live };
}
export function useSuspenseList(path, args, o) {
    const { who, ready } = useWho(true);
    const asked = listOf(useLoam(), who, path, args);
    const { live, queryFn, queryClient } = useFollowed(path, asked, { ...o, enabled: true }, ready);
    const { enabled: _, placeholderData: __, throwOnError: ___, ...rest } = common(who, ready, o);
    const query = useSuspenseQuery({ ...rest, queryKey: asked.queryKey, queryFn }, queryClient);
    return { ...query, ...listed(query.data), live };
}
export function useOne(path, names, key, args, o) {
    const { who, ready } = useWho(false);
    const options = key === undefined || key === null ? { ...o, enabled: false } : o;
    const asked = oneOf(useLoam(), who, path, names, key, args);
    const { live, queryFn, queryClient } = useFollowed(path, asked, options, ready);
    const query = useQuery({ ...common(who, ready, options), queryKey: asked.queryKey, queryFn }, queryClient);
    return { ...query, data: query.error?.code === 'data/not_found' ? undefined : query.data, live };
}
export function useSuspenseOne(path, names, key, args, o) {
    const { who, ready } = useWho(true);
    const asked = oneOf(useLoam(), who, path, names, key, args);
    const { live, queryFn, queryClient } = useFollowed(path, asked, { ...o, enabled: true }, ready);
    const { enabled: _, placeholderData: __, throwOnError: ___, ...rest } = common(who, ready, o);
    const query = useSuspenseQuery({ ...rest, queryKey: asked.queryKey, queryFn }, queryClient);
    return { ...query, live };
}
