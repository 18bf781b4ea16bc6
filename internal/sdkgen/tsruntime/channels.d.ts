import { LoamError } from './errors.js';
import { type LinkState, type SocketClass } from './link.js';
import type { Http } from './request.js';
import type { SessionKeeper } from './session.js';
/** Somebody who is in a channel, by any number of connections. */
export interface Present<T = unknown> {
    /** A user's id; an API key has `key` in its place. */
    user?: string;
    key?: string;
    connections: {
        ref: string;
        state: T;
    }[];
}
/** What somebody has said. */
export interface ChannelMessage<D = unknown> {
    id: string;
    event: string;
    data: D;
    from: {
        user?: string;
        key?: string;
    };
    at: string;
}
export interface JoinOptions<T> {
    /** Shows that one is here, with this; any JSON. Without it one listens unseen. */
    state?: T;
    onMessage?: (message: ChannelMessage) => void;
    /** Hears who is here, now and whenever it changes. */
    onPresence?: (here: readonly Present<T>[]) => void;
    /** Hears why one is out of the channel. */
    onError?: (err: LoamError) => void;
}
/** A channel that one is in. */
export interface Joined<T> {
    /** Who is here, oneself among them. */
    readonly here: readonly Present<T>[];
    /** Tells the others, once one is in the channel; answers with the message's id. */
    send(event: string, data?: unknown): Promise<string>;
    /** Shows another state. */
    show(state: T): Promise<void>;
    leave(): void;
}
/** Named places where those who are connected tell each other things. */
export interface Channels {
    readonly state: LinkState;
    onState(listener: (state: LinkState) => void): () => void;
    join<T = unknown>(name: string, options?: JoinOptions<T>): Joined<T>;
}
export declare function createChannels(http: Http, session: SessionKeeper, socket?: SocketClass): Channels & {
    close(): void;
};
