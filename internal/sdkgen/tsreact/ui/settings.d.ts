import type { LoamError, Provider, Ways } from '@loam/client';
export interface Settings {
    ways: Ways;
    providers: readonly Provider[];
}
/** How one signs in here; undefined until it is known. */
export declare function useSettings(): {
    settings: Settings | undefined;
    error: LoamError | null;
    retry: () => unknown;
};
