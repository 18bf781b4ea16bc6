import type { ChannelMessage, LinkState, LoamError, Present } from '@loam/client';
export interface PresenceOptions<T, D = unknown> {
    /** What is shown of oneself; any JSON. Without it one is there unseen. */
    state?: T;
    onMessage?: (message: ChannelMessage<D>) => void;
}
export interface Presence<T> {
    /** Who is here, oneself among them. */
    here: readonly Present<T>[];
    /** Tells the others; answers with the message's id. */
    send: (event: string, data?: unknown) => Promise<string>;
    /** Why one is out of the channel. */
    error: LoamError | undefined;
}
/** Who is in a channel, as long as the component is there; nowhere while its name is undefined. */
export declare function usePresence<T = unknown, D = unknown>(channel: string | undefined, options?: PresenceOptions<T, D>): Presence<T>;
/** How the connection of live lists is doing. */
export declare function useConnection(): LinkState;
/** How many writes are on their way. */
export declare function useQueueSize(): number;
