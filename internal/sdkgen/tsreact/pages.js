// Lists that are read page after page. One live list is as long as all pages that are shown,
// and is cut into them.
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { hashKey, useInfiniteQuery } from '@tanstack/react-query';
import { useLoam } from './context.js';
import { nameOf } from './identity.js';
import { collectionOf, common, keyOf, onServer, useWho } from './read.js';
const most = 1_000; // rows of a list, as the server has it
const usual = 100; // of a page where nothing is said
const unasked = '?'; // in place of a cursor: more rows follow, of which no request has told
// The rows of a list that is asked for with one more than these pages have.
function cut({ items, total }, limit, count) {
    const pages = [];
    for (let i = 0; i < count && (i === 0 || i * limit < items.length); i++) {
        const end = (i + 1) * limit;
        pages.push({ items: items.slice(i * limit, end), nextCursor: items.length > end ? unasked : null, ...(total !== undefined && { total }) });
    }
    return pages;
}
export function usePages(path, args, o) {
    const { who, ready } = useWho(false);
    const loam = useLoam();
    const limit = args.limit ?? usual;
    const queryKey = keyOf(who, path, 'pages', args);
    const hash = hashKey(queryKey);
    const asked = ready && (o.live ?? true) && (o.enabled ?? true) && !onServer;
    const cached = () => loam.queryClient.getQueryData(queryKey);
    const feed = (rows, count) => {
        const now = cached();
        if (nameOf(loam.identity.get()) !== who || now?.pages.length !== count)
            return;
        const pages = cut(rows, limit, count);
        loam.queryClient.setQueryData(queryKey, { pages, pageParams: now.pageParams.slice(0, pages.length) });
    };
    const nameOfSpan = (count) => hash + ' ' + count;
    const follow = (count) => asked && count * limit < most ? loam.follower.follow(nameOfSpan(count), collectionOf(loam, path), { ...args, limit: count * limit + 1 }, (rows) => feed(rows, count)) : undefined;
    const queryFn = async ({ pageParam, signal }) => {
        const page = pageParam?.page ?? 0;
        const span = Math.max(page + 1, cached()?.pages.length ?? 0);
        const rows = await follow(span)?.first(signal);
        if (rows)
            return cut(rows, limit, span)[page] ?? { items: [], nextCursor: null };
        const list = (cursor) => collectionOf(loam, path).list(cursor ? { ...args, cursor } : args, { signal });
        if (pageParam && pageParam.cursor !== unasked)
            return list(pageParam.cursor);
        let found = await list();
        for (let i = 0; i < page; i++)
            found = found.nextCursor === null ? { items: [], nextCursor: null } : await list(found.nextCursor);
        return found;
    };
    const query = useInfiniteQuery({
        ...common(who, ready, o),
        queryKey,
        queryFn,
        initialPageParam: null,
        getNextPageParam: (last, pages) => (last.nextCursor === null ? null : { page: pages.length, cursor: last.nextCursor }),
    }, loam.queryClient);
    const count = query.data?.pages.length || 1;
    const wanted = asked && count * limit < most;
    const name = nameOfSpan(count);
    const subscribe = useCallback((listener) => follow(count)?.subscribe(listener) ?? (() => undefined), [loam, name, wanted]);
    const live = useSyncExternalStore(subscribe, () => (wanted ? loam.follower.state(name) : o.live === false || ready ? 'offline' : 'connecting'), () => 'connecting');
    // What came between the last page and the list that has it.
    useEffect(() => {
        const rows = loam.follower.rows(name);
        if (rows)
            feed(rows, count);
    }, [loam, name]);
    return { ...query, data: query.data?.pages.flatMap((p) => p.items), total: query.data?.pages[0]?.total, live };
}
