import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'

export interface MenuItem {
  label: string
  onSelect?: () => unknown
  href?: string
  /** Of one that is chosen among several. */
  checked?: boolean
  icon?: ReactNode
}

export interface MenuProps {
  /** What the button says, after what it is for, which is not shown. */
  button: ReactNode
  label: string
  header?: ReactNode
  /** The side that it is flush with. */
  align?: 'start' | 'end'
  groups: readonly (readonly MenuItem[])[]
}

/** A button that opens a menu, by mouse or keyboard. */
export function Menu({ button, label, header, align = 'start', groups }: MenuProps): ReactNode {
  const [open, setOpen] = useState<false | 'first' | 'last'>(false)
  const root = useRef<HTMLDivElement>(null)
  const trigger = useRef<HTMLButtonElement>(null)
  const id = useId()
  const items = (): HTMLElement[] => [...(root.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])]
  useEffect(() => {
    if (!open) return
    const all = items()
    all.at(open === 'last' ? -1 : 0)?.focus()
    const outside = (e: Event): void => {
      if (!root.current?.contains(e.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [open])
  const close = (): void => {
    setOpen(false)
    trigger.current?.focus()
  }
  const move = (e: KeyboardEvent): void => {
    const all = items()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const letter = e.key.length === 1 && !e.ctrlKey && !e.metaKey && !e.altKey && e.key !== ' '
    let to: HTMLElement | undefined
    if (e.key === 'ArrowDown') to = all[(at + 1) % all.length]
    else if (e.key === 'ArrowUp') to = all.at(at <= 0 ? -1 : at - 1)
    else if (e.key === 'Home') to = all[0]
    else if (e.key === 'End') to = all.at(-1)
    else if (e.key === 'Escape') return e.stopPropagation(), close()
    else if (e.key === 'Tab') return setOpen(false)
    else if (letter) to = [...all.slice(at + 1), ...all.slice(0, at + 1)].find((i) => i.textContent?.trim().toLowerCase().startsWith(e.key.toLowerCase()))
    else return
    e.preventDefault()
    to?.focus()
  }
  const opened = (e: KeyboardEvent): void => {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return
    e.preventDefault()
    setOpen(e.key === 'ArrowUp' ? 'last' : 'first')
  }
  return (
    <div className={'loam-ui loam-menu' + (align === 'end' ? ' loam-menu-end' : '')} ref={root}>
      <button
        ref={trigger}
        type="button"
        className="loam-button loam-trigger"
        aria-haspopup="menu"
        aria-expanded={open !== false}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(open ? false : 'first')}
        onKeyDown={opened}
      >
        <span className="loam-unseen">{label}: </span>
        {button}
      </button>
      {open && (
        <div className="loam-popup">
          {header && <div className="loam-header">{header}</div>}
          <div role="menu" id={id} aria-label={label} onKeyDown={move}>
            {groups
              .filter((g) => g.length > 0)
              .map((group, n) => (
                <div role="group" key={n}>
                  {group.map((item) => (
                    <Item key={item.label} item={item} close={close} />
                  ))}
                </div>
              ))}
          </div>
        </div>
      )}
    </div>
  )
}

function Item({ item: { label, onSelect, href, checked, icon }, close }: { item: MenuItem; close: () => void }): ReactNode {
  const select = (): void => {
    close()
    void onSelect?.()
  }
  const content = (
    <>
      {icon}
      <span>{label}</span>
      {checked && (
        <span className="loam-mark" aria-hidden="true">
          ✓
        </span>
      )}
    </>
  )
  const role = checked === undefined ? { role: 'menuitem' } : { role: 'menuitemradio', 'aria-checked': checked }
  if (href !== undefined) {
    return (
      <a {...role} className="loam-item" tabIndex={-1} href={href} onClick={select}>
        {content}
      </a>
    )
  }
  return (
    <button {...role} type="button" className="loam-item" tabIndex={-1} onClick={select}>
      {content}
    </button>
  )
}
