import type { Identity } from './auth-types.js';
import { type Listeners } from './listeners.js';
import type { Credentials, Http } from './request.js';
import type { Store } from './storage.js';
/** What is stored. */
export interface Held extends Identity {
    /** None where they are in cookies. */
    accessToken?: string;
    refreshToken?: string;
    /** When the access token does, by this machine's clock in milliseconds. */
    expires: number;
}
/** A session, as the server answers it. */
export interface Granted extends Identity {
    accessToken?: string;
    refreshToken?: string;
    expiresIn: number;
}
/** Who is signed in, for all modules of one client. */
export interface SessionKeeper extends Credentials {
    readonly held: Held | null;
    readonly who: string;
    readonly ready: Promise<void>;
    /** Hears who is signed in, once that or anything known of them has changed. */
    onChange: Listeners<Held | null>['on'];
    /** Hears of it before, and only where it is another user or organization. */
    onSwitch: Listeners<void>['on'];
    /** Takes what a sign-in answered. */
    take(granted: Granted): Promise<void>;
    /** Asks for other tokens of the session, while nobody else does. */
    move(path: string, body?: object): Promise<void>;
    /** Knows the caller better: the tokens stay. */
    know(who: Identity): Promise<void>;
    /** Gets new tokens: the rights have changed. */
    renew(): Promise<void>;
    forget(): Promise<void>;
    close(): void;
}
/** Keeps the session of a client. In cookies the tokens are not seen: the token is '' then. */
export declare function createSession(http: Http, store: Store, cookie: boolean): SessionKeeper;
