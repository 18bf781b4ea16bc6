import { useRef, type KeyboardEvent, type ReactNode } from 'react'

interface Props<T extends string> {
  label: string
  tabs: { value: T; label: ReactNode }[]
  value: T
  onChange: (value: T) => void
  segmented?: boolean
}

/** Tabs is a row of tabs, of which one has the focus; arrows go from one to the next. */
export function Tabs<T extends string>({ label, tabs, value, onChange, segmented = false }: Props<T>) {
  const row = useRef<HTMLDivElement>(null)
  const move = (e: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    if (!step) return
    e.preventDefault()
    const at = (tabs.findIndex((t) => t.value === value) + step + tabs.length) % tabs.length
    onChange(tabs[at]!.value)
    row.current?.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus()
  }
  return (
    <div ref={row} role="tablist" aria-label={label} className={segmented ? 'segments' : 'tabs'} onKeyDown={move}>
      {tabs.map((t) => (
        <button key={t.value} type="button" role="tab" aria-selected={t.value === value} tabIndex={t.value === value ? 0 : -1} onClick={() => onChange(t.value)}>
          {t.label}
        </button>
      ))}
    </div>
  )
}
