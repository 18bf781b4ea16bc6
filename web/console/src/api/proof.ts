// The fresh proof that the server wants of an admin before what acts: asked for once,
// however many requests wait for it.

import { store } from './store'

interface Asking {
  done: () => void
  cancel: () => void
}

/** asking is the dialog that is open, or null. */
export const asking = store<Asking | null>(null)

/** Cancelled is thrown where the dialog was closed; nothing was changed then. */
export class Cancelled extends Error {
  constructor() {
    super('Nothing was changed: it needs a fresh proof that it is you.')
  }
}

let waiting: Promise<void> | null = null

/** prove waits until the admin has shown once more who they are. */
export function prove(): Promise<void> {
  waiting ??= new Promise<void>((resolve, reject) => {
    const end = (then: () => void) => () => {
      waiting = null
      asking.set(null)
      then()
    }
    asking.set({ done: end(resolve), cancel: end(() => reject(new Cancelled())) })
  })
  return waiting
}
