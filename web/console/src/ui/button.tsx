import { LoaderCircle } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'plain' | 'primary' | 'danger' | 'ghost' | 'link'
  tiny?: boolean
  busy?: boolean
  icon?: ReactNode // before the text; without one the button is square, and needs an aria-label
  ref?: Ref<HTMLButtonElement>
}

/** Button is every button of the console. A busy one says so, and takes no click. */
export function Button({ kind = 'plain', tiny = false, busy = false, icon, className = '', children, disabled, onClick, ...rest }: Props) {
  const classes = ['button', kind, tiny ? 'tiny' : '', children === undefined ? 'icon' : '', className].filter(Boolean).join(' ')
  return (
    <button type="button" className={classes} aria-busy={busy || undefined} disabled={disabled} onClick={busy ? (e) => e.preventDefault() : onClick} {...rest}>
      {busy ? <LoaderCircle size={14} aria-hidden className="spin" /> : icon}
      {children}
    </button>
  )
}
