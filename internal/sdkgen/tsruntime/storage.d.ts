import { type Listeners } from './listeners.js';
/** What keeps texts by name: the browser's own storages, React Native's AsyncStorage, or yours. */
export interface Storage {
    getItem(key: string): string | null | Promise<string | null>;
    setItem(key: string, value: string): unknown;
    removeItem(key: string): unknown;
}
/**
 * Where the session is kept. `local`: for all tabs, until it ends; what comes unless
 * something is said, where there is a localStorage. `session`: for this tab. `memory`:
 * until the page is left. `cookie`: in cookies that no script reads, for a page of the
 * server's own site; loam.yaml allows it by `auth.sessions.cookies`.
 */
export type StorageChoice = 'local' | 'session' | 'memory' | 'cookie' | Storage;
/** A storage as the client uses it. */
export interface Store {
    read<T>(): Promise<T | null>;
    write(value: unknown): Promise<void>;
    /** Reads and writes as one, as far as the storage lets. */
    change<T>(fn: (value: T | null) => T): Promise<void>;
    /** Runs fn while nobody else who shares the storage does. */
    alone<T>(fn: () => Promise<T>): Promise<T>;
    /** Tells the others who share the storage; and hears them. */
    tell(message: unknown): void;
    hear: Listeners<unknown>['on'];
    close(): void;
}
/** One name in a storage. */
export declare function createStore(choice: StorageChoice | undefined, key: string): Store;
