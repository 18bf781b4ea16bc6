import { X } from 'lucide-react'
import { useLayoutEffect, useId, useState, type ReactNode } from 'react'
import { Button } from './button'
import { Layer } from './layer'

/** Dialog is a modal box: the browser's own, which keeps the focus inside and gives it back. It is in the document while it is open. */
export function Dialog({ title, large = false, onClose, children }: { title: string; large?: boolean; onClose: () => void; children: ReactNode }) {
  const [box, setBox] = useState<HTMLDialogElement | null>(null)
  const id = useId()
  useLayoutEffect(() => { // closed before it leaves the document, or the focus would not go back
    box?.showModal()
    const first = (of: string): HTMLElement | null | undefined => box?.querySelector<HTMLElement>(`.body :is(${of})`)
    ;(first('input:not([type=hidden]), select, textarea') ?? first('button:not([tabindex="-1"]), a'))?.focus()
    return () => box?.close()
  }, [box])
  return (
    <dialog ref={setBox} className={large ? 'box large' : 'box'} aria-labelledby={id} onCancel={(e) => (e.preventDefault(), onClose())} onMouseDown={(e) => e.target === box && onClose()}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button kind="ghost" tiny aria-label="Close" icon={<X size={15} />} onClick={onClose} />
      </header>
      <Layer value={box}>
        <div className="body">{children}</div>
      </Layer>
    </dialog>
  )
}
