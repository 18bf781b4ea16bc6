import * as Radix from '@radix-ui/react-dropdown-menu'
import { Check } from 'lucide-react'
import { use, useRef, type ReactNode } from 'react'
import { Layer } from './layer'

export interface MenuItem {
  label: ReactNode
  icon?: ReactNode
  end?: ReactNode
  danger?: boolean
  disabled?: boolean
  checked?: boolean // it is on or off, and the menu stays open
  act: () => void
}

/** Menu opens below its trigger, one element that takes a ref. Groups are apart by a line. It is not modal: the page may scroll behind it, and no style is written into the document. */
export function Menu({ trigger, groups, align = 'end', heading }: { trigger: ReactNode; groups: MenuItem[][]; align?: 'start' | 'end'; heading?: ReactNode }) {
  const layer = use(Layer)
  const chosen = useRef<() => void>(undefined)
  const done = (): void => { // once the trigger has the focus again: a dialog gives it back to whoever had it
    const act = chosen.current
    chosen.current = undefined
    if (act) setTimeout(act)
  }
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal container={layer}>
        <Radix.Content className="menu" align={align} sideOffset={5} collisionPadding={8} loop onCloseAutoFocus={done}>
          {heading && <Radix.Label className="heading">{heading}</Radix.Label>}
          {groups.filter((g) => g.length > 0).map((group, i) => (
            <Radix.Group key={i}>
              {i > 0 && <hr />}
              {group.map((item, j) => item.checked !== undefined ? (
                <Radix.CheckboxItem key={j} className="item" checked={item.checked} disabled={item.disabled ?? false} onCheckedChange={item.act} onSelect={(e) => e.preventDefault()}>
                  <span>{item.label}</span>
                  <Radix.ItemIndicator className="end"><Check size={14} aria-hidden /></Radix.ItemIndicator>
                </Radix.CheckboxItem>
              ) : (
                <Radix.Item key={j} className={item.danger ? 'item danger' : 'item'} disabled={item.disabled ?? false} onSelect={() => { chosen.current = item.act }}>
                  {item.icon}
                  <span>{item.label}</span>
                  {item.end && <span className="end">{item.end}</span>}
                </Radix.Item>
              ))}
            </Radix.Group>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
