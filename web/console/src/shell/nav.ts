import { Activity, Braces, Building2, Database, KeyRound, Mails, Radio, Route, ScrollText, SlidersHorizontal, Users, Waypoints, Workflow, type LucideIcon } from 'lucide-react'
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
  { heading: 'People', places: [
    { to: '/users', label: 'Users', icon: Users, words: 'accounts sessions admins disable impersonate password groups' },
    { to: '/organizations', label: 'Organizations', icon: Building2, words: 'tenants members invitations api keys limits suspend', shown: (me) => me.tenancy },
    { to: '/keys', label: 'API keys', icon: KeyRound, words: 'secrets programs tokens', shown: (me) => !me.tenancy },
    { to: '/audit', label: 'Audit trail', icon: ScrollText, words: 'log events records who did what security' },
  ] },
  { heading: 'Explore', places: [
    { to: '/graphql', label: 'GraphQL', icon: Braces, words: 'query mutation subscription explorer graphiql' },
    { to: '/rest', label: 'REST', icon: Route, words: 'http openapi curl requests explorer' },
  ] },
  { heading: 'Server', places: [
    { to: '/connections', label: 'Live connections', icon: Radio, words: 'websocket sse subscriptions realtime' },
    { to: '/jobs', label: 'Jobs', icon: Workflow, words: 'queue background dead retry failed' },
    { to: '/mailbox', label: 'Mailbox', icon: Mails, words: 'mail messages codes links development', shown: (me) => me.mailbox },
    { to: '/settings', label: 'Settings', icon: SlidersHorizontal, words: 'configuration loam.yaml version' },
  ] },
]
