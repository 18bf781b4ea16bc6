// A document, before anything is loaded that looks for one.

import { GlobalWindow } from 'happy-dom'

const window = new GlobalWindow({ url: 'http://localhost/' })
const taken: Record<string, unknown> = { window, IS_REACT_ACT_ENVIRONMENT: true }
for (const name of ['document', 'navigator', 'location', 'HTMLElement', 'Element', 'Node', 'Event', 'MutationObserver', 'requestAnimationFrame', 'cancelAnimationFrame', 'getComputedStyle', 'DocumentFragment', 'HTMLIFrameElement', 'HTMLInputElement']) {
  taken[name] = (window as unknown as Record<string, unknown>)[name]
}
for (const [name, value] of Object.entries(taken)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
