import { useSyncExternalStore, type ComponentProps } from 'react'

/** Where one is, as the address has it: `/demo/engine/eng-1` is a task over its project's board. */
export interface Place {
  project?: string
  task?: string
  /** What one searches for: `/demo/?q=words`. */
  words?: string
}

const base = import.meta.env.BASE_URL

const subscribe = (listener: () => void) => {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}

export function usePlace(): Place {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const { pathname, searchParams } = new URL(address, location.origin)
  const [project, task] = pathname.slice(base.length).split('/').map(decodeURIComponent)
  return { project: project || undefined, task: task || undefined, words: searchParams.get('q') || undefined }
}

export const addressOf = ({ project = '', task = '', words = '' }: Place): string =>
  base + [project, task].filter(Boolean).map(encodeURIComponent).join('/') + (words && '?q=' + encodeURIComponent(words))

/** Goes to a place; `replace` leaves the one before out of what the browser goes back to. */
export function go(place: Place, replace = false): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', addressOf(place))
  dispatchEvent(new PopStateEvent('popstate'))
}

/** A link to a place, which the page itself shows. */
export function To({ place, ...rest }: Omit<ComponentProps<'a'>, 'href' | 'onClick'> & { place: Place }) {
  return (
    <a
      {...rest}
      href={addressOf(place)}
      onClick={(e) => {
        if (e.metaKey || e.ctrlKey || e.shiftKey) return // in another tab or window
        e.preventDefault()
        go(place)
      }}
    />
  )
}
