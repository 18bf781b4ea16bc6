import * as Radix from '@radix-ui/react-popover'
import { use, type ReactNode } from 'react'
import { Layer } from './layer'

interface Props {
  trigger: ReactNode
  open: boolean
  onOpen: (open: boolean) => void
  label: string
  className?: string
  align?: 'start' | 'end' | 'center'
  children: ReactNode
}

/** Popover is a small panel beside its trigger, one element that takes a ref. */
export function Popover({ trigger, open, onOpen, label, className = 'popover', align = 'start', children }: Props) {
  const layer = use(Layer)
  return (
    <Radix.Root open={open} onOpenChange={onOpen}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal container={layer}>
        <Radix.Content className={className} align={align} sideOffset={5} collisionPadding={8} aria-label={label}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
