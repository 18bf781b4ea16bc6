import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'

const pause = 250 // milliseconds without a key, after which it is searched for

/** SearchField is a field whose text is taken when one stops typing. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), pause)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <div className="withicon finding">
      <Search size={14} aria-hidden />
      <input type="search" className="input" aria-label={label} placeholder={label} value={text} onChange={(e) => setText(e.target.value)} />
    </div>
  )
}
