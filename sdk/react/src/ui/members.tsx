import { useState, type ReactNode } from 'react'
import { useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/react-query'
import type { Invitation, LoamError, Member, Page, Role } from '@loam/client'
import { useAuth } from '../auth.js'
import { root, useLoam } from '../context.js'
import { nameOf } from '../identity.js'
import { Form, type Field } from './form.js'
import { Dialog, type Heading } from './parts.js'
import { useTexts } from './texts.js'

export interface MembersProps {
  /** What the title is; `h2` unless given. What is below is a level lower. */
  heading?: 'h1' | 'h2'
}

interface Confirmed {
  title: string
  text: string
  submit: string
  act: () => Promise<unknown>
}

const titled = (roles: readonly Role[], id: string): string => {
  const name = roles.find((r) => r.role === id)?.name || id
  return name.charAt(0).toUpperCase() + name.slice(1)
}

const day = (time: string): string => new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' })

// All pages of what the organization has, under whose it is.
function usePart<T>(name: string, enabled: boolean, ask: (cursor: string | null) => Promise<Page<T>>) {
  const { queryClient } = useLoam()
  const who = nameOf(useAuth())
  return useInfiniteQuery<Page<T>, LoamError, InfiniteData<Page<T>>, string[], string | null>(
    {
      queryKey: [root, who, name],
      queryFn: ({ pageParam }) => ask(pageParam),
      initialPageParam: null,
      getNextPageParam: (last) => last.nextCursor,
      enabled,
      retry: false,
    },
    queryClient,
  )
}

/** Who works in the active organization: invites, changes roles and removes, as far as the caller may. */
export function Members({ heading: H = 'h2' }: MembersProps): ReactNode {
  const t = useTexts()
  const { queryClient } = useLoam()
  const auth = useAuth()
  const { organizations: o, organization, user } = auth
  const who = nameOf(auth)
  const [said, setSaid] = useState('')
  const [wrong, setWrong] = useState<unknown>()
  const [sure, setSure] = useState<Confirmed>()
  const roles = useQuery<Role[], LoamError>({ queryKey: [root, who, '/roles'], queryFn: () => o.roles(), enabled: organization !== null, retry: false }, queryClient)
  const all = roles.data ?? []
  const own = all.find((r) => r.role === organization?.role)
  const may = (permission: string): boolean => own?.permissions.includes(permission) ?? false
  const members = usePart<Member>('/members', may('members.read'), (cursor) => o.members({ cursor }))
  const invitations = usePart<Invitation>('/invitations', may('members.invite'), (cursor) => o.invitations({ cursor }))
  const Below: Heading = H === 'h1' ? 'h2' : 'h3'

  const refresh = () => queryClient.invalidateQueries({ queryKey: [root, who], predicate: (q) => q.queryKey[2] === '/members' || q.queryKey[2] === '/invitations' })
  const change = async (act: () => Promise<unknown>, then: string): Promise<void> => {
    setSaid('')
    setWrong(undefined)
    await act()
    setSaid(then)
    void refresh()
  }
  const tried = (act: () => Promise<unknown>, then: string) => change(act, then).catch(setWrong)
  // The roles that the caller may give: they allow nothing that the own does not.
  const given = (value: string): (readonly [string, string])[] =>
    all.filter((r) => r.role === value || (r.permissions.every(may) && (r.role !== 'owner' || organization?.role === 'owner'))).map((r) => [r.role, titled(all, r.role)])

  const title = <H className="loam-title">{t('members')}</H>
  if (!organization) {
    return (
      <section className="loam-ui loam-members">
        {title}
        <p className="loam-note">{t('noOrganization')}</p>
      </section>
    )
  }
  const error = wrong ?? roles.error ?? members.error ?? invitations.error
  const open = invitations.data?.pages.flatMap((p) => p.items) ?? []
  const role: Field = { name: 'role', label: t('role'), value: 'member', options: given('member') }
  return (
    <section className="loam-ui loam-members" aria-label={t('members')}>
      {title}
      <p className="loam-status" role="status">
        {said}
      </p>
      <p className="loam-wrong" role="alert">
        {error !== null && error !== undefined && t.error(error)}
      </p>
      {roles.isPending && <p role="status">{t('loading')}</p>}
      {may('members.invite') && (
        <>
          <Below className="loam-subtitle">{t('invite')}</Below>
          <p className="loam-hint">{t('inviteHelp')}</p>
          <Form
            key={open.length}
            across
            label={t('invite')}
            fields={[{ name: 'email', label: t('email'), type: 'email' }, role]}
            submit={t('inviteSend')}
            send={({ email = '', role: r = 'member' }) => change(() => o.invite({ email, role: r }), t('invited', { email }))}
          />
        </>
      )}
      {open.length > 0 && (
        <>
          <Below className="loam-subtitle">{t('invitations')}</Below>
          <ul className="loam-list">
            {open.map((i) => (
              <InvitationRow key={i.id} of={i} role={titled(all, i.role)} tried={tried} ask={setSure} />
            ))}
          </ul>
          <More query={invitations} />
        </>
      )}
      {own && !may('members.read') && <p className="loam-note">{t('mayNotRead')}</p>}
      {members.data && (
        <>
          {(may('members.invite') || open.length > 0) && <Below className="loam-subtitle">{t('members')}</Below>}
          <ul className="loam-list">
            {members.data.pages
              .flatMap((p) => p.items)
              .map((m) => {
                const self = m.userId === user?.id
                const free = m.role !== 'owner' || organization.role === 'owner'
                const options = free && may('members.role') ? given(m.role) : undefined
                return <MemberRow key={m.userId} of={m} self={self} role={titled(all, m.role)} options={options} removes={free && !self && may('members.remove')} tried={tried} ask={setSure} />
              })}
          </ul>
          <More query={members} />
        </>
      )}
      {sure && (
        <Dialog title={sure.title} onClose={() => setSure(undefined)}>
          <p className="loam-text">{sure.text}</p>
          <Form
            submit={sure.submit}
            danger
            send={async () => {
              await sure.act()
              setSure(undefined)
            }}
          >
            <button type="button" className="loam-button" onClick={() => setSure(undefined)}>
              {t('cancel')}
            </button>
          </Form>
        </Dialog>
      )}
    </section>
  )
}

interface RowProps<T> {
  of: T
  role: string
  tried: (act: () => Promise<unknown>, then: string) => Promise<unknown>
  ask: (sure: Confirmed) => void
}

function InvitationRow({ of: { id, email, expired, expiresAt }, role, tried, ask }: RowProps<Invitation>): ReactNode {
  const t = useTexts()
  const { organizations: o } = useAuth()
  return (
    <li className="loam-row">
      <div className="loam-what">
        <p className="loam-who">{email}</p>
        <p className="loam-quiet">
          {role}, {t(expired ? 'expired' : 'until', { date: day(expiresAt) })}
        </p>
      </div>
      <div className="loam-actions">
        <button type="button" className="loam-button" aria-label={t('resendTo', { email })} onClick={() => void tried(() => o.resendInvitation(id), t('resent', { email }))}>
          {t('resend')}
        </button>
        <button
          type="button"
          className="loam-button"
          aria-label={t('revokeFor', { email })}
          onClick={() => ask({ title: t('revokeTitle'), text: t('revokeHelp', { email }), submit: t('revoke'), act: () => tried(() => o.revokeInvitation(id), t('revoked', { email })) })}
        >
          {t('revoke')}
        </button>
      </div>
    </li>
  )
}

interface MemberRowProps extends RowProps<Member> {
  self: boolean
  options: readonly (readonly [string, string])[] | undefined
  removes: boolean
}

function MemberRow({ of: m, role, self, options, removes, tried, ask }: MemberRowProps): ReactNode {
  const t = useTexts()
  const { organizations: o, organization } = useAuth()
  const name = m.name || m.email
  return (
    <li className="loam-row">
      <div className="loam-what">
        <p className="loam-who">
          {name} {self && <span className="loam-badge">{t('you')}</span>}
        </p>
        <p className="loam-quiet">
          {m.name && m.email ? m.email + ' · ' : ''}
          {t('since', { date: day(m.createdAt) })}
        </p>
      </div>
      <div className="loam-actions">
        {options ? (
          <select
            className="loam-input"
            aria-label={t('roleOf', { name })}
            value={m.role}
            onChange={(e) => {
              const next = e.target.value
              const words = e.target.selectedOptions[0]?.text ?? next
              void tried(() => o.setRole(m.userId, next), t('roleChanged', { name, role: words }))
            }}
          >
            {options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        ) : (
          <span className="loam-quiet">{role}</span>
        )}
        {removes && (
          <button
            type="button"
            className="loam-button"
            aria-label={t('removeOne', { name })}
            onClick={() =>
              ask({ title: t('removeTitle', { name }), text: t('removeHelp', { organization: organization?.name ?? '' }), submit: t('remove'), act: () => tried(() => o.removeMember(m.userId), t('removed', { name })) })
            }
          >
            {t('remove')}
          </button>
        )}
      </div>
    </li>
  )
}

function More({ query }: { query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }): ReactNode {
  const t = useTexts()
  if (!query.hasNextPage) return null
  return (
    <button type="button" className="loam-button" aria-busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      {t('more')}
    </button>
  )
}
