import { LoamError } from './errors.js';
import { type Listeners } from './listeners.js';
import { type Http } from './request.js';
import { type ModelMeta, type Writes } from './rows.js';
import type { SessionKeeper } from './session.js';
import type { Store } from './storage.js';
import { type Pending } from './window.js';
/** A write that was refused: what it showed is taken back. */
export interface Refused {
    error: LoamError;
    kind: 'create' | 'update' | 'delete';
    /** `/api/tasks` */
    path: string;
    id: string;
    input?: object;
}
/** Writes that are applied at once, and sent when the server is reached. */
export interface Queue {
    /** How many are on their way. */
    readonly size: number;
    onChange: Listeners<number>['on'];
    /** Hears what was refused, also of writes from before the page was loaded anew. */
    onRefused: Listeners<Refused>['on'];
    /** Gives up all that is on its way. */
    clear(): Promise<void>;
}
export interface QueueKeeper extends Queue, Writes {
    pending(): readonly Pending[];
    close(): void;
}
/** The queue of a client. `shown` shows the live lists of a path anew. */
export declare function createQueue(http: Http, session: SessionKeeper, store: Store, metas: Record<string, ModelMeta>, shown: (path?: string) => void): QueueKeeper;
