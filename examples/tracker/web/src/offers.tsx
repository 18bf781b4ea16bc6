import { useQuery } from '@tanstack/react-query'
import type { Offer } from './loam'
import { useAuth } from './loam/react'

/** Invitations that wait for an answer. */
export function Offers() {
  const { user, invitations, organizations } = useAuth()
  const { data = [], refetch } = useQuery({ queryKey: ['offers', user?.id], queryFn: invitations.mine })
  const accept = async ({ id }: Offer) => organizations.switch((await invitations.accept({ id })).id)
  return (
    <aside aria-label="Invitations">
      {data.map((offer) => (
        <p key={offer.id} className="notice">
          <span>
            {offer.inviter} invites you to <b>{offer.organization.name}</b>, as {offer.role}.
          </span>
          <button className="primary" onClick={() => accept(offer).finally(refetch)}>
            Join {offer.organization.name}
          </button>
          <button onClick={() => invitations.decline({ id: offer.id }).finally(refetch)}>Decline</button>
        </p>
      ))}
    </aside>
  )
}
