/** The one error that this package throws. */
export class LoamError extends Error {
    name = 'LoamError';
    constructor({ message, cause, ...rest }) {
        super(message, cause === undefined ? undefined : { cause });
        Object.assign(this, { status: 0, retryable: false, ...rest });
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
    const { code = 'client/answer', detail = `the server answered ${status} with what is no error of Loam's`, field, requestId } = members(text);
    return new LoamError({ code: code, message: detail, status, field, requestId, retryable: passing.includes(status), retryAfter: waitOf(header('Retry-After')) });
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
