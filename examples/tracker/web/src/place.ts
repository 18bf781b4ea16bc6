import { useSyncExternalStore } from 'react'

/** Where one is, as the fragment of the address has it: `#/engine/<task>`. */
export interface Place {
  project?: string
  task?: string
}

const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export function usePlace(): Place {
  const [, project, task] = useSyncExternalStore(subscribe, () => location.hash).split('/').map(decodeURIComponent)
  return { project: project || undefined, task: task || undefined }
}

export const hashOf = ({ project = '', task = '' }: Place): string => '#/' + [project, task].filter(Boolean).map(encodeURIComponent).join('/')

export const go = (place: Place): void => void (location.hash = hashOf(place))
