import type * as T from './auth-types.js';
import { type PasskeyDevice } from './passkey.js';
import { type Http } from './request.js';
import type { SessionKeeper } from './session.js';
import type { Store } from './storage.js';
/** Signing in, and what belongs to the caller's account. */
export declare function createAuth(http: Http, session: SessionKeeper, trips: Store, device: PasskeyDevice, left: () => Promise<void>): T.Auth;
