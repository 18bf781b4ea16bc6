import type { Auth, Schema } from '@loam/client';
/** Who is signed in, and all that the client's `auth` does. */
export type AuthState<S extends Schema = Schema> = Omit<Auth<S>, 'ready' | 'user' | 'organization' | 'onChange'> & {
    /** Whether it is known who is signed in; `user` is null until then. */
    ready: boolean;
    user: Auth<S>['user'];
    organization: Auth<S>['organization'];
};
/** Who is signed in; the component is rendered anew when that changes, here or in another tab. */
export declare function useAuth(): AuthState;
