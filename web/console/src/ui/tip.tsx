import * as Radix from '@radix-ui/react-tooltip'
import { use, type ReactNode } from 'react'
import { Layer } from './layer'

/** Tip says what an element is when it is pointed at or has the focus. It adds to a label and never replaces one. */
export function Tip({ text, children, side = 'top' }: { text: ReactNode; children: ReactNode; side?: 'top' | 'right' | 'bottom' }) {
  const layer = use(Layer)
  return (
    <Radix.Root delayDuration={350}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal container={layer}>
        <Radix.Content className="tooltip" side={side} sideOffset={5} collisionPadding={8}>
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export const TipProvider = Radix.Provider
