/**
 * A new id, as the server would make it: a UUIDv7, which sorts by the time it was
 * made. For a row that others in the same batch refer to, or that is shown before
 * it is stored.
 */
export function newId() {
    const bytes = new Uint8Array(10);
    const source = globalThis.crypto; // React Native has none by itself
    if (source)
        source.getRandomValues(bytes);
    else
        bytes.forEach((_, i) => (bytes[i] = Math.random() * 256));
    const time = Date.now().toString(16).padStart(12, '0');
    const random = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
    const variant = '89ab'[bytes[9] & 3]; // of a byte that is not shown otherwise
    return [time.slice(0, 8), time.slice(8), '7' + random.slice(0, 3), variant + random.slice(3, 6), random.slice(6, 18)].join('-');
}
