// CSV as RFC 4180 has it, written and read.

/** line writes values as one line. What a spreadsheet would take for a formula gets an apostrophe before it. */
export function line(values: unknown[]): string {
  return values.map(cell).join(',') + '\r\n'
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = typeof value === 'string' && /^[=+@\t\r-]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** records reads a file's records as it comes in, of any length: arrays of texts. */
export async function* records(file: Blob): AsyncGenerator<string[]> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader()
  let record: string[] = []
  let text = ''
  let quoted = false
  let closing = false // a quote inside quotes, which ends them unless another follows
  let begun = false
  for (let first = true; ; first = false) {
    const { done, value = '' } = await reader.read()
    if (done) break
    for (const c of first ? value.replace(/^\uFEFF/, '') : value) {
      if (quoted) {
        if (closing) {
          closing = false
          if (c === '"') {
            text += '"'
            continue
          }
          quoted = false
        } else if (c === '"') {
          closing = true
          continue
        } else {
          text += c
          continue
        }
      }
      if (c === '"' && text === '') quoted = begun = true
      else if (c === ',') (record.push(text), (text = ''), (begun = true))
      else if (c === '\n') {
        if (begun || text !== '') yield [...record, text]
        ;(record = []), (text = ''), (begun = false)
      } else if (c !== '\r') text += c
    }
  }
  if (begun || text !== '') yield [...record, text]
}
