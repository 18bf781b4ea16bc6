import { createContext } from 'react'

/** Layer is the open dialog that an element is in, where menus and popovers of it have to be: the page behind a modal one is inert. */
export const Layer = createContext<HTMLElement | null>(null)
