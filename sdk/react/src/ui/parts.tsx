// What the components are put together of.

import { useEffect, useId, useRef, type ReactNode } from 'react'
import { useTexts } from './texts.js'

export type Heading = 'h1' | 'h2' | 'h3'

export interface PanelProps {
  title: string
  heading: Heading
  /** Takes the focus as it appears: it is in place of what had it. */
  focus?: boolean
  children?: ReactNode
}

/** A card of one thing to do. */
export function Panel({ title, heading: H, focus = false, children }: PanelProps): ReactNode {
  const box = useRef<HTMLElement>(null)
  const id = useId()
  useEffect(() => {
    if (!focus) return
    const target = box.current?.querySelector<HTMLElement>('input:not([type=checkbox])') ?? box.current?.querySelector<HTMLElement>('[tabindex="-1"]')
    target?.focus()
  }, [focus])
  return (
    <section className="loam-ui loam-card" ref={box} aria-labelledby={id}>
      <H className="loam-title" id={id} tabIndex={-1}>
        {title}
      </H>
      {children}
    </section>
  )
}

/** Something over the page until it is closed. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children?: ReactNode }): ReactNode {
  const t = useTexts()
  const box = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const back = document.activeElement as HTMLElement | null
    const dialog = box.current
    if (dialog && !dialog.open) dialog.showModal()
    return () => {
      dialog?.close()
      if (back?.isConnected) back.focus()
    }
  }, [])
  return (
    <dialog ref={box} className="loam-ui loam-dialog" aria-labelledby={id} onCancel={(e) => (e.preventDefault(), onClose())}>
      <h2 id={id} className="loam-subtitle">
        {title}
      </h2>
      <button type="button" className="loam-plain loam-close" aria-label={t('close')} onClick={onClose}>
        ×
      </button>
      {children}
    </dialog>
  )
}

/** The first letter of a name, in its colour. */
export function Tile({ name, color = '', logo = '' }: { name: string; color?: string; logo?: string }): ReactNode {
  const own = /^#[0-9a-f]{6}$/i.test(color)
  if (/^https:\/\//i.test(logo)) return <img className="loam-tile" src={logo} alt="" width={28} height={28} referrerPolicy="no-referrer" decoding="async" />
  return (
    <span className="loam-tile" aria-hidden="true" style={own ? { background: color, color: dark(color) ? '#fff' : '#111' } : undefined}>
      {(Array.from(name.trim())[0] ?? '·').toUpperCase()}
    </span>
  )
}

// Whether white is read more easily on a colour than black.
function dark(color: string): boolean {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = parseInt(color.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.179
}
