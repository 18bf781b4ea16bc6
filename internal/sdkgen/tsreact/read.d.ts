import { type QueryKey } from '@tanstack/react-query';
import type { LiveOptions } from '@loam/client';
import { type Loam } from './context.js';
import type { Row, Rows, Source } from './follow.js';
/** A collection of the client, as it is when the app runs. */
export interface AnyCollection extends Source {
    list(args: object, options: {
        signal?: AbortSignal;
    }): Promise<Rows>;
    get(key: unknown, args: object, options: {
        signal?: AbortSignal;
    }): Promise<Row>;
    create(input: object, options?: object): Promise<Row>;
    update(key: unknown, input: object, options?: object): Promise<Row>;
    upsert(input: object, options?: object): Promise<Row>;
    delete(key: unknown, options?: object): Promise<void>;
}
export interface AnyOptions {
    enabled?: boolean;
    live?: boolean;
    keepPrevious?: boolean;
    place?: 'first' | 'last' | LiveOptions<Row>['place'];
    staleTime?: number;
    gcTime?: number;
    refetchInterval?: number | false;
    throwOnError?: boolean;
}
export type Kind = 'list' | 'pages' | 'one';
/** `['loam', whose, 'tasks', 'list', { where }]` */
export declare const keyOf: (who: string, path: string, kind: Kind, ...asked: unknown[]) => QueryKey;
export declare const collectionOf: (loam: Loam, path: string) => AnyCollection;
export declare const onServer: boolean;
/** What TanStack Query is asked with, for all kinds alike. The client itself has tried again. */
export declare function common(who: string, ready: boolean, o: AnyOptions): {
    throwOnError?: boolean | undefined;
    refetchInterval?: number | false | undefined;
    gcTime?: number | undefined;
    staleTime?: number | undefined;
    enabled: boolean;
    retry: boolean;
    notifyOnChangeProps: "all";
    placeholderData: <T>(before: T | undefined, query: {
        queryKey: QueryKey;
    } | undefined) => T | undefined;
};
/** Who asks; with `waits` a component is suspended until that is known. */
export declare function useWho(waits: boolean): {
    who: string;
    ready: boolean;
};
export declare function useList(path: string, args: object, o: AnyOptions): object;
export declare function useSuspenseList(path: string, args: object, o: AnyOptions): object;
export declare function useOne(path: string, names: readonly string[], key: unknown, args: object, o: AnyOptions): object;
export declare function useSuspenseOne(path: string, names: readonly string[], key: unknown, args: object, o: AnyOptions): object;
