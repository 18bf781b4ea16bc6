// Values in words for people: times, numbers, sizes.

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const numbers = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** when is how long ago a moment is, or its day once that is long ago. */
export function when(at: string): string {
  const seconds = (Date.parse(at) - Date.now()) / 1000
  const ago = Math.abs(seconds)
  if (Number.isNaN(seconds)) return at
  if (ago < 45) return seconds > 0 ? 'in a moment' : 'just now'
  if (ago < 3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (ago < 86_400) return relative.format(Math.round(seconds / 3600), 'hour')
  if (ago < 30 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day')
  return day.format(Date.parse(at))
}

export const whole = (at: string): string => full.format(Date.parse(at))
export const number = (n: number): string => numbers.format(n)
export const short = (n: number): string => (n < 10_000 ? numbers.format(n) : compact.format(n))

/** size is a number of bytes in the unit that suits it. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let i = 0
  for (; bytes >= 1024 && i < units.length - 1; i++) bytes /= 1024
  return `${bytes < 10 && i > 0 ? bytes.toFixed(1) : Math.round(bytes)} ${units[i]}`
}

/** milliseconds is a time that something took. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '–'
  if (ms === 0) return '0'
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** span is a number of seconds, in its two largest units. */
export function span(seconds: number): string {
  const parts: string[] = []
  for (const [unit, length] of [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]] as const) {
    const n = Math.floor(seconds / length)
    seconds -= n * length
    if (n > 0) parts.push(`${n} ${unit}`)
  }
  return parts.slice(0, 2).join(' ') || '0 s'
}

export const plural = (n: number, one: string, many = one + 's'): string => `${number(n)} ${n === 1 ? one : many}`
