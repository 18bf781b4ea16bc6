import type { LoamError } from '@loam/client';
export interface AnyWriteOptions {
    queue?: boolean;
    onSuccess?: (answer: unknown, variables: never) => unknown;
    onError?: (err: LoamError, variables: never) => unknown;
    onSettled?: () => unknown;
}
export declare function useCreate(path: string, o: AnyWriteOptions): import("@tanstack/react-query").UseMutationResult<unknown, LoamError, never, unknown>;
export declare function useUpsert(path: string, o: AnyWriteOptions): import("@tanstack/react-query").UseMutationResult<unknown, LoamError, never, unknown>;
export declare function useUpdate(path: string, names: readonly string[], o: AnyWriteOptions): import("@tanstack/react-query").UseMutationResult<unknown, LoamError, never, unknown>;
export declare function useDelete(path: string, names: readonly string[], o: AnyWriteOptions): import("@tanstack/react-query").UseMutationResult<unknown, LoamError, never, unknown>;
