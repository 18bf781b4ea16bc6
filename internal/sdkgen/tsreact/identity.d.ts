import type { Auth, Membership, User } from '@loam/client';
/** Who is signed in, as one value that changes as a whole. */
export interface Identity {
    /** Whether it is known who is signed in; `user` is null until then. */
    readonly ready: boolean;
    readonly user: User | null;
    readonly organization: Membership | null;
}
export interface IdentityStore {
    /** Once it is known who is signed in. */
    readonly known: Promise<void>;
    get(): Identity;
    subscribe(listener: () => void): () => void;
}
/** Nobody yet: what a server renders, and the first render that takes it over. */
export declare const unknown: Identity;
/** Names who asks and where they work. What is cached is so under it, so that nobody sees another's. */
export declare const nameOf: (who: Identity) => string;
/** Who is signed in, as useSyncExternalStore takes it. */
export declare function identityOf(auth: Pick<Auth, 'ready' | 'user' | 'organization' | 'onChange'>): IdentityStore;
