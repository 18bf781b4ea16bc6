import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Menu as MenuIcon, Search, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { meQuery, type Me } from '../api/console'
import { Button } from '../ui/button'
import { Banner } from './banner'
import { places } from './nav'
import { Palette } from './palette'
import { Person } from './person'

/** Shell is what is around every page: the navigation, the palette, and who one acts as. */
export function Shell() {
  const me = useQuery(meQuery).data
  const path = useRouterState({ select: (s) => s.location.pathname })
  const [open, setOpen] = useState(false)
  const [palette, setPalette] = useState(false)
  useEffect(() => setOpen(false), [path])
  useEffect(() => {
    const press = (e: KeyboardEvent): void => {
      if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault()
        setPalette((p) => !p)
      }
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
  if (!me) return null
  return (
    <div className="shell">
      <a className="skip" href="#content">To the content</a>
      <header className="phonebar">
        <Button kind="ghost" aria-label={open ? 'Close the navigation' : 'Open the navigation'} aria-expanded={open} icon={open ? <X size={17} /> : <MenuIcon size={17} />} onClick={() => setOpen(!open)} />
        <Brand me={me} />
        <Button kind="ghost" aria-label="Search" icon={<Search size={16} />} onClick={() => setPalette(true)} />
      </header>
      <aside className={open ? 'side open' : 'side'}>
        <Brand me={me} />
        <button type="button" className="finder" onClick={() => setPalette(true)}>
          <Search size={14} aria-hidden /> <span>Search</span> <kbd className="kbd">{/Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'} K</kbd>
        </button>
        <Navigation me={me} />
        <Person me={me} />
      </aside>
      <div className="content">
        <Banner />
        <main id="content" tabIndex={-1}><Outlet /></main>
      </div>
      {palette && <Palette me={me} onClose={() => setPalette(false)} />}
    </div>
  )
}

function Brand({ me }: { me: Me }) {
  return (
    <Link to="/" className="brand">
      <span className="tile" aria-hidden>{(me.name || 'Loam')[0]?.toUpperCase()}</span>
      <span className="clip">{me.name || 'Loam'}</span>
      {me.dev && <span className="badge warn">dev</span>}
    </Link>
  )
}

function Navigation({ me }: { me: Me }) {
  return (
    <nav aria-label="Console">
      {places.map(({ heading, places }) => {
        const shown = places.filter((p) => p.shown?.(me) ?? true)
        return shown.length === 0 ? null : (
          <div key={heading} className="group">
            {heading && <h2 className="heading">{heading}</h2>}
            {shown.map(({ to, label, icon: Icon }) => (
              <Link key={to} to={to} activeOptions={{ exact: to === '/' }}><Icon size={15} aria-hidden /><span>{label}</span></Link>
            ))}
          </div>
        )
      })}
    </nav>
  )
}
