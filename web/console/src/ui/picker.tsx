import { Command } from 'cmdk'
import { Check } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Popover } from './popover'

export interface Choice {
  value: string
  label: string
  detail?: string
  icon?: ReactNode
}

interface Props {
  trigger: ReactNode
  label: string
  choices: Choice[]
  value?: string | undefined
  onPick: (value: string) => void
  onSearch?: (text: string) => void // asks elsewhere; without, the choices are filtered here
  placeholder?: string
  none?: ReactNode
  more?: ReactNode // below the list
  busy?: boolean
  align?: 'start' | 'end'
}

/** Picker is a list to choose one of, with a field to search it. */
export function Picker({ trigger, label, choices, value, onPick, onSearch, placeholder = 'Search…', none = 'Nothing found', more, busy = false, align = 'start' }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <Popover trigger={trigger} open={open} onOpen={(o) => (setOpen(o), o && onSearch?.(''))} label={label} align={align} className="popover picker">
      <Command label={label} shouldFilter={!onSearch} loop>
        <Command.Input placeholder={placeholder} {...(onSearch ? { onValueChange: onSearch } : {})} />
        <Command.List label={label}>
          <Command.Empty>{busy ? 'Looking…' : none}</Command.Empty>
          {choices.map((c) => (
            <Command.Item key={c.value} value={c.value} keywords={[c.label, c.detail ?? '']} className="item" onSelect={() => (onPick(c.value), setOpen(false))}>
              {c.icon}
              <span className="clip">{c.label}</span>
              {c.detail && <span className="end clip">{c.detail}</span>}
              {c.value === value && <Check size={14} aria-label="chosen" />}
            </Command.Item>
          ))}
        </Command.List>
      </Command>
      {more}
    </Popover>
  )
}
