// Elements. Every text is set as text, never as markup: there is no innerHTML in
// these pages.

export type Child = Node | string | number | null | undefined | false | Child[]

type Properties = Record<string, unknown>

// Names that are attributes, and something else or nothing as properties.
const written = ['list', 'form', 'spellcheck']

// el makes an element: properties, then children.
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Properties = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (name in node && !written.includes(name)) (node as unknown as Properties)[name] = value
    else node.setAttribute(name, value === true ? '' : String(value))
  }
  fill(node, children)
  return node
}

function fill(node: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) fill(node, child)
    else if (child !== null && child !== undefined && child !== false && child !== '') node.append(child instanceof Node ? child : String(child))
  }
}

// replace puts children in the place of what a node has. The name over a card stays.
export function replace(node: Element, ...children: Child[]): void {
  node.replaceChildren(...node.querySelectorAll(':scope > .brand'))
  fill(node, children)
}

let ids = 0

// unique makes an id for a label or a description to point at.
export function unique(prefix: string): string {
  return `${prefix}-${++ids}`
}

// link goes to another of these pages, or to one elsewhere.
export function link(href: string, text: Child, properties: Properties = {}): HTMLAnchorElement {
  return el('a', { href, ...properties }, text)
}

// when writes a time for people.
export function when(time: string): HTMLTimeElement {
  const at = new Date(time)
  const text = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return el('time', { dateTime: time }, text)
}

// day writes the day of a time.
export function day(time: string): HTMLTimeElement {
  return el('time', { dateTime: time }, new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' }))
}

// tile stands for an app or an organization: its first letter, in its colour.
export function tile(name: string, color = ''): HTMLElement {
  const node = el('span', { className: 'tile', ariaHidden: 'true' }, (Array.from(name.trim())[0] ?? '·').toUpperCase())
  if (/^#[0-9a-f]{6}$/i.test(color)) {
    node.style.setProperty('background', color)
    node.style.setProperty('color', dark(color) ? '#fff' : '#111')
  }
  return node
}

// logo is an organization's picture, and the tile where there is none, or none that
// loads. Only members ask for it: whoever invites may have put it anywhere, and
// would see from where a stranger looks.
export function logo(org: { name: string; color: string; logo: string }): HTMLElement {
  const letter = tile(org.name, org.color)
  if (!/^https:\/\//i.test(org.logo)) return letter
  const picture = el('img', { className: 'tile', alt: '', width: 32, height: 32, referrerPolicy: 'no-referrer', decoding: 'async' })
  picture.onerror = () => picture.replaceWith(letter)
  picture.src = org.logo // last, as it begins to load with that
  return picture
}

// dark tells whether white is read more easily on a colour than black.
function dark(color: string): boolean {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = parseInt(color.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.179
}

// dialog shows something over the page until it is closed.
export function dialog(title: string, ...children: Child[]): HTMLDialogElement {
  const heading = unique('title')
  const close = el('button', { type: 'button', className: 'plain close', ariaLabel: 'Close', onclick: () => box.close() }, '×')
  const box = el('dialog', { 'aria-labelledby': heading }, close, el('h2', { id: heading }, title), children)
  box.addEventListener('close', () => box.remove())
  document.body.append(box)
  box.showModal()
  return box
}

// copied is a button that puts a text into the clipboard.
export function copied(text: string, label: string): HTMLElement {
  const button = el('button', { type: 'button', ariaLabel: label }, 'Copy')
  button.onclick = async () => {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  }
  return button
}

// confirmed asks whether to go on with what can't be undone.
export function confirmed(title: string, text: Child, action: string, act: () => Promise<unknown>): void {
  const wrong = el('p', { className: 'wrong', role: 'alert' })
  const go = el('button', { type: 'button', className: 'danger' }, action)
  const box = dialog(title, el('p', {}, text), wrong, el('div', { className: 'actions' }, go, el('button', { type: 'button', onclick: () => box.close() }, 'Cancel')))
  go.onclick = async () => {
    go.disabled = true
    wrong.textContent = ''
    try {
      await act()
      box.close()
    } catch (err) {
      wrong.textContent = err instanceof Error ? err.message : String(err)
      go.disabled = false
    }
  }
}
