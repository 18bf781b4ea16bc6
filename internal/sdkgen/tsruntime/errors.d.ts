import type { ServerCode } from './codes.js';
/** What went wrong before there was an answer that could be read. */
export type ClientCode = 'client/aborted' | 'client/answer' | 'client/argument' | 'client/passkey' | 'client/queue_full' | 'client/network' | 'client/timeout';
/** All codes of errors. A code never changes its meaning; a newer server may have more. */
export type Code = ServerCode | ClientCode;
/** What a {@link LoamError} is made of. */
export interface Failure {
    code: Code;
    message: string;
    status?: number;
    field?: string | undefined;
    requestId?: string | undefined;
    retryable?: boolean;
    retryAfter?: number | undefined;
    cause?: unknown;
}
/** The one error that this package throws. */
export declare class LoamError extends Error {
    readonly name = "LoamError";
    /** Branch on this: `data/version`, `access/denied`, `client/network`. */
    readonly code: Code;
    /** Of the answer; 0 where there was none. */
    readonly status: number;
    /** The dotted path of what is wrong, where there is one: `title`, `operations.1.name`. */
    readonly field: string | undefined;
    /** Names the request in the server's log. */
    readonly requestId: string | undefined;
    /** The same call may succeed later. */
    readonly retryable: boolean;
    /** Milliseconds that the server asks to wait. */
    readonly retryAfter: number | undefined;
    constructor({ message, cause, ...rest }: Failure);
}
/** Tells an error of some codes: `isError(err, 'data/version')`; without codes, any of Loam's. */
export declare function isError(err: unknown, ...codes: Code[]): err is LoamError;
/** The error that an answer is. */
export declare function problem(status: number, text: string, header: (name: string) => string | null): LoamError;
