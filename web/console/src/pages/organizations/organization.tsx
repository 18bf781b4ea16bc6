import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Building2, Database } from 'lucide-react'
import { look } from '../../api/acting'
import { organizationPath, type OrganizationRecord } from '../../api/admin'
import { get, Problem } from '../../api/request'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, Note, Skeleton, Trouble, When } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { number, size } from '../../ui/words'
import { Actions } from './acts'
import { Invitations } from './invitations'
import { Keys } from './keys'
import { LimitsForm } from './limits'
import { Members } from './members'
import { Teams } from './teams'
import './organizations.css'

const route = getRouteApi('/app/organizations/$org')

type Tab = 'members' | 'invitations' | 'teams' | 'keys' | 'limits'

const tabs: { value: Tab; label: string }[] = [
  { value: 'members', label: 'Members' },
  { value: 'invitations', label: 'Invitations' },
  { value: 'teams', label: 'Teams' },
  { value: 'keys', label: 'API keys' },
  { value: 'limits', label: 'Limits' },
]

/** OrganizationPage is one organization, which is named by id or slug. */
export function OrganizationPage() {
  const { org: id } = route.useParams()
  const { tab = 'members' } = route.useSearch()
  const navigate = useNavigate()
  const { data: org, error, refetch } = useQuery({ queryKey: ['organization', id], queryFn: ({ signal }) => get<OrganizationRecord>(organizationPath(id), signal) })
  if (error instanceof Problem && error.status === 404) {
    return <Page title="Organization"><div className="card"><Empty icon={Building2} title="There is no such organization">It may have been deleted since this address was made. <Link to="/organizations">All organizations</Link></Empty></div></Page>
  }
  const into = (to: '/data'): void => {
    if (org) look({ id: org.id, name: org.name, slug: org.slug })
    void navigate({ to })
  }
  return (
    <Page
      title={org?.name ?? 'Organization'}
      lead={<><Link to="/organizations">Organizations</Link>{org && <> · {org.slug} · founded <When at={org.createdAt} /></>}</>}
      actions={org && <><Button icon={<Database size={14} />} onClick={() => into('/data')}>Look into its rows</Button><Actions org={org} /></>}
    >
      {error ? <Trouble error={error} retry={() => void refetch()} /> : !org ? <div className="card"><div className="body"><Skeleton lines={8} /></div></div> : (
        <>
          {org.suspendedAt && <Note warn>Suspended <When at={org.suspendedAt} />{org.suspendedFor && `: ${org.suspendedFor}`}. Its members and keys are refused on every door until it is restored.</Note>}
          <div className="usages">
            <Usage name="Members" used={org.members} limit={org.limits.members} show={number} />
            <Usage name="Rows" used={org.usage.rows} limit={org.limits.rows} show={number} />
            <Usage name="Storage" used={org.usage.storage} limit={org.limits.storage} show={size} />
          </div>
          <Tabs label="About the organization" tabs={tabs} value={tab as Tab} onChange={(t) => void navigate({ to: '/organizations/$org', params: { org: id }, search: { tab: t }, replace: true })} />
          <div role="tabpanel" aria-label={tab} className="form">
            {tab === 'members' && <Members org={org} />}
            {tab === 'invitations' && <Invitations org={org} />}
            {tab === 'teams' && <Teams org={org} />}
            {tab === 'keys' && <Keys org={org} />}
            {tab === 'limits' && <LimitsForm key={JSON.stringify(org.limits)} org={org} />}
          </div>
        </>
      )}
    </Page>
  )
}

function Usage({ name, used, limit, show }: { name: string; used: number; limit: number; show: (n: number) => string }) {
  const share = limit > 0 ? Math.min(used / limit, 1) : 0
  return (
    <div className="card usage">
      <div className="quiet">{name}</div>
      <div className="value number">{show(used)} <span className="small quiet">{limit > 0 ? `of ${show(limit)}` : 'no limit'}</span></div>
      {limit > 0 && <div className="meter"><i className={share > 0.9 ? 'full' : ''} style={{ width: `${share * 100}%` }} /></div>}
    </div>
  )
}
