import { useSyncExternalStore } from 'react'
import { store } from '../api/store'

/** Theme is what the admin chose; system follows the machine. */
export type Theme = 'system' | 'light' | 'dark'

const remembered = 'loam-theme'
const chosen = store<Theme>((localStorage.getItem(remembered) as Theme | null) ?? 'system')

export function applyTheme(): void {
  const theme = chosen.get()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(remembered, theme)
  chosen.set(theme)
  applyTheme()
}

const machine = matchMedia('(prefers-color-scheme: dark)')

export const useTheme = (): Theme => useSyncExternalStore(chosen.subscribe, chosen.get)

/** useDark tells whether the page is dark now, for what draws with colours of its own. */
export function useDark(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const stop = chosen.subscribe(listener)
      machine.addEventListener('change', listener)
      return () => (stop(), machine.removeEventListener('change', listener))
    },
    () => (chosen.get() === 'system' ? machine.matches : chosen.get() === 'dark'),
  )
}
