import { useEffect, type ReactNode } from 'react'

interface Props {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  fills?: boolean // the page is as high as the window, and scrolls inside
  children: ReactNode
}

/** Page is a page's head and body. */
export function Page({ title, lead, actions, fills = false, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Console`
  }, [title])
  return (
    <div className={fills ? 'page fills' : 'page'}>
      <header className="head">
        <div className="grow">
          <h1>{title}</h1>
          {lead && <p className="quiet">{lead}</p>}
        </div>
        {actions && <div className="across">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
