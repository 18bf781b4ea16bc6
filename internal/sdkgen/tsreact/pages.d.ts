import { type AnyOptions } from './read.js';
export declare function usePages(path: string, args: {
    limit?: number;
}, o: AnyOptions): object;
