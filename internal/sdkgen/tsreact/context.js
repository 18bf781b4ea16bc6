import { jsx as _jsx } from "react/jsx-runtime";
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import { QueryClient, QueryClientContext, QueryClientProvider } from '@tanstack/react-query';
import { createFollower } from './follow.js';
import { identityOf, nameOf, unknown } from './identity.js';
/** The first part of the keys of all queries: `queryClient.invalidateQueries({ queryKey: ['loam'] })`. */
export const root = 'loam';
const Context = createContext(undefined);
/** Makes a client known to the hooks and components below. */
export function LoamProvider({ client, queryClient, children }) {
    const above = useContext(QueryClientContext);
    const queries = useMemo(() => queryClient ?? above ?? new QueryClient(), [queryClient, above]);
    const loam = useMemo(() => ({ client: client, queryClient: queries, identity: identityOf(client.auth), follower: createFollower() }), [client, queries]);
    useEffect(() => {
        let name = nameOf(loam.identity.get());
        // What somebody has seen goes with them.
        const forget = () => {
            const now = nameOf(loam.identity.get());
            if (now === name)
                return;
            name = now;
            loam.follower.end();
            loam.queryClient.removeQueries({ queryKey: [root], predicate: (q) => q.queryKey[1] !== now });
            loam.queryClient.getMutationCache().findAll({ mutationKey: [root] }).forEach((m) => m.state.status !== 'pending' && loam.queryClient.getMutationCache().remove(m));
        };
        const stop = loam.identity.subscribe(forget);
        forget();
        return () => {
            stop();
            loam.follower.end();
        };
    }, [loam]);
    return (_jsx(QueryClientProvider, { client: queries, children: _jsx(Context.Provider, { value: loam, children: children }) }));
}
/** What the provider hands down; the components of `@loam/react/ui` are made with it. */
export function useLoam() {
    const loam = useContext(Context);
    if (!loam)
        throw new Error('there is no <LoamProvider client={…}> above: the hooks ask its client');
    return loam;
}
/** Who is signed in. */
export function useIdentity() {
    const { identity } = useLoam();
    return useSyncExternalStore(identity.subscribe, identity.get, () => unknown);
}
