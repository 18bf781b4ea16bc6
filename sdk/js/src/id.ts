/**
 * A new id, as the server would make it: a UUIDv7, which sorts by the time it was
 * made. For a row that others in the same batch refer to, or that is shown before
 * it is stored.
 */
export function newId(): string {
  const bytes = new Uint8Array(16)
  const source = globalThis.crypto as Crypto | undefined // React Native has none by itself
  if (source) source.getRandomValues(bytes)
  else bytes.forEach((_, i) => (bytes[i] = Math.random() * 256))
  const now = Date.now()
  for (let i = 0; i < 6; i++) bytes[i] = now / 2 ** (40 - 8 * i)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
