import { type ReactNode } from 'react';
import { QueryClient } from '@tanstack/react-query';
import type { Auth, Core, Schema } from '@loam/client';
import { type Follower } from './follow.js';
import { type Identity, type IdentityStore } from './identity.js';
/** Any client, whatever its schema: what the hooks need of it. */
export interface AnyClient {
    readonly http: object;
    readonly auth: Pick<Auth, 'ready' | 'user' | 'organization' | 'onChange'>;
}
/** What the provider hands down. */
export interface Loam {
    readonly client: Core<Schema>;
    readonly queryClient: QueryClient;
    readonly identity: IdentityStore;
    readonly follower: Follower;
}
/** The first part of the keys of all queries: `queryClient.invalidateQueries({ queryKey: ['loam'] })`. */
export declare const root = "loam";
export interface LoamProviderProps<C extends AnyClient = AnyClient> {
    client: C;
    /** The app's own, where it has one; that of a `QueryClientProvider` above is found by itself. */
    queryClient?: QueryClient;
    children?: ReactNode;
}
/** Makes a client known to the hooks and components below. */
export declare function LoamProvider({ client, queryClient, children }: LoamProviderProps): ReactNode;
/** What the provider hands down; the components of `@loam/react/ui` are made with it. */
export declare function useLoam(): Loam;
/** Who is signed in. */
export declare function useIdentity(): Identity;
