import { Activity, Database, Waypoints, type LucideIcon } from 'lucide-react'
import type { Me } from '../api/console'

/** Place is a page that the navigation leads to. */
export interface Place {
  to: string
  label: string
  icon: LucideIcon
  words: string // that one may search it by
  shown?: (me: Me) => boolean
}

export const places: { heading: string; places: Place[] }[] = [
  { heading: '', places: [
    { to: '/', label: 'Overview', icon: Activity, words: 'charts latency requests errors dashboard' },
    { to: '/data', label: 'Data', icon: Database, words: 'rows tables models browse edit import export' },
    { to: '/schema', label: 'Schema', icon: Waypoints, words: 'models relations rules migrations diagnostics picture' },
  ] },
]
