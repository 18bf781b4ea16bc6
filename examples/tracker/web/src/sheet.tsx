import { useEffect, useRef, type ReactNode } from 'react'

/** Something over the page, until it is closed. */
export function Sheet({ label, onClose, children, className }: { label: string; onClose: () => void; children: ReactNode; className?: string }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className={className} aria-label={label} onClose={onClose} onClick={(e) => e.target === dialog.current && dialog.current.close()}>
      <div>
        <button className="close" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
        {children}
      </div>
    </dialog>
  )
}
