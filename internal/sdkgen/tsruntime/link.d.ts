import { LoamError } from './errors.js';
import { type Listeners } from './listeners.js';
import type { Http } from './request.js';
import type { SessionKeeper } from './session.js';
/** How a connection is doing. `idle`: nothing needs it. */
export type LinkState = 'idle' | 'connecting' | 'live' | 'offline';
/** What is said over it. */
export interface Message {
    type: string;
    id?: number | string;
    [more: string]: unknown;
}
export interface Link {
    readonly state: LinkState;
    onState: Listeners<LinkState>['on'];
    /** Opens it unless it is open; `false` lets it close a moment later. */
    need(is: boolean): void;
    /** Says something, where somebody hears it. */
    say(message: Message): boolean;
    close(): void;
}
export interface LinkEvents {
    /** It is open, and known whose it is. */
    opened(): void;
    heard(message: Message): void;
    changed(state: LinkState): void;
}
/** A WebSocket, as far as it is used. */
export interface SocketLike {
    readonly readyState: number;
    onopen: ((e: never) => unknown) | null;
    onmessage: ((e: never) => unknown) | null;
    onclose: ((e: never) => unknown) | null;
    onerror: ((e: never) => unknown) | null;
    send(text: string): void;
    close(): void;
}
export type SocketClass = new (url: string, protocol: string) => SocketLike;
/** Says what a message of an error says. */
export declare function failure(said: object): LoamError;
/** Makes a connection to a path. `fallback` is what takes a WebSocket's place where there is none. */
export declare function createLink(http: Http, session: SessionKeeper, path: string, protocol: string, on: LinkEvents, given?: SocketClass, fallback?: () => Promise<SocketClass>): Link;
