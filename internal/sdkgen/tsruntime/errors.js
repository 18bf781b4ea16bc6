/** The one error that this package throws. */
export class LoamError extends Error {
    name = 'LoamError';
    /** Branch on this: `data/version`, `access/denied`, `client/network`. */
    code;
    /** Of the answer; 0 where there was none. */
    status;
    /** The dotted path of what is wrong, where there is one: `title`, `operations.1.name`. */
    field;
    /** Names the request in the server's log. */
    requestId;
    /** The same call may succeed later. */
    retryable;
    /** Milliseconds that the server asks to wait. */
    retryAfter;
    constructor(f) {
        super(f.message, f.cause === undefined ? undefined : { cause: f.cause });
        this.code = f.code;
        this.status = f.status ?? 0;
        this.field = f.field;
        this.requestId = f.requestId;
        this.retryable = f.retryable ?? false;
        this.retryAfter = f.retryAfter;
    }
}
/** Tells an error of some codes: `isError(err, 'data/version')`; without codes, any of Loam's. */
export function isError(err, ...codes) {
    return err instanceof LoamError && (codes.length === 0 || codes.includes(err.code));
}
// Answers of these that say the same request may be served a moment later.
const passing = [408, 429, 502, 503, 504];
/** The error that an answer is. */
export function problem(status, text, header) {
    const retryable = passing.includes(status);
    const retryAfter = waitOf(header('Retry-After'));
    const doc = members(text);
    if (doc['code'] === undefined) {
        return new LoamError({ code: 'client/answer', message: `the server answered ${status} with what is no error of Loam's`, status, retryable, retryAfter });
    }
    return new LoamError({
        code: doc['code'],
        message: doc['detail'] ?? doc['code'],
        status,
        field: doc['field'],
        requestId: doc['requestId'],
        retryable,
        retryAfter,
    });
}
// The members of a problem document that are texts; of a proxy's page, none.
function members(text) {
    try {
        const doc = JSON.parse(text);
        return Object.fromEntries(Object.entries(doc ?? {}).filter(([, v]) => typeof v === 'string'));
    }
    catch {
        return {};
    }
}
// Retry-After is in seconds, or a date.
function waitOf(header) {
    if (!header)
        return undefined;
    const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
    return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
