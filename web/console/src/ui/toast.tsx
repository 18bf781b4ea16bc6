import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { store } from '../api/store'
import { Button } from './button'

interface Toast {
  id: number
  text: string
  tone: 'good' | 'wrong'
}

const toasts = store<Toast[]>([])
let last = 0

/** toast says shortly what was done, or what went wrong; errors stay until they are closed. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = ++last
  toasts.set([...toasts.get().slice(-3), { id, text, tone }])
  if (tone === 'good') setTimeout(() => close(id), 3500)
}

/** wrong is toast of an error. */
export const wrong = (error: unknown): void => toast(error instanceof Error ? error.message : String(error), 'wrong')

const close = (id: number): void => toasts.set(toasts.get().filter((t) => t.id !== id))

/** Toasts shows them, above dialogs as well. */
export function Toasts() {
  const all = useSyncExternalStore(toasts.subscribe, toasts.get)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const at = box.current
    if (!at?.showPopover) return
    if (at.matches(':popover-open')) at.hidePopover() // shown anew it is above a dialog that opened since
    if (all.length > 0) at.showPopover()
  }, [all])
  return (
    <div ref={box} popover="manual" className="toasts" role="status" aria-live="polite">
      {all.map((t) => (
        <div key={t.id} className={`toast ${t.tone}`}>
          {t.tone === 'good' ? <CircleCheck size={15} aria-hidden /> : <CircleAlert size={15} aria-hidden />}
          <span className="grow">{t.text}</span>
          <Button kind="ghost" tiny aria-label="Dismiss" icon={<X size={13} />} onClick={() => close(t.id)} />
        </div>
      ))}
    </div>
  )
}
