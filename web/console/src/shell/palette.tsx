import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { Building2, Moon, Sun, Table2, UserRound } from 'lucide-react'
import { useLayoutEffect, useState } from 'react'
import { look } from '../api/acting'
import { organizationsQuery, schemaQuery, type Me } from '../api/console'
import { places } from './nav'
import { setTheme } from './theme'

/** Palette goes anywhere by a few letters: pages, models, organizations. */
export function Palette({ me, onClose }: { me: Me; onClose: () => void }) {
  const navigate = useNavigate()
  const schema = useQuery(schemaQuery).data
  const organizations = useQuery({ ...organizationsQuery, enabled: me.tenancy }).data
  const [box, setBox] = useState<HTMLDialogElement | null>(null)
  useLayoutEffect(() => {
    box?.showModal()
    box?.querySelector('input')?.focus()
    return () => box?.close()
  }, [box])
  const go = (act: () => void) => () => {
    onClose()
    act()
  }
  return (
    <dialog ref={setBox} className="palette" aria-label="Go to" onCancel={(e) => (e.preventDefault(), onClose())} onMouseDown={(e) => e.target === box && onClose()}>
      <Command label="Go to" loop>
        <Command.Input placeholder="Go to a page, a model, an organization…" />
        <Command.List label="Where to">
          <Command.Empty>Nothing of that name</Command.Empty>
          <Command.Group heading="Pages">
            {places.flatMap((g) => g.places).filter((p) => p.shown?.(me) ?? true).map(({ to, label, icon: Icon, words }) => (
              <Command.Item key={to} value={label} keywords={words.split(' ')} className="item" onSelect={go(() => void navigate({ to }))}><Icon size={15} aria-hidden />{label}</Command.Item>
            ))}
          </Command.Group>
          {schema && (
            <Command.Group heading="Models">
              {schema.models.filter((m) => m.operations.list).map((m) => (
                <Command.Item key={m.name} value={`model ${m.name}`} keywords={[m.plural]} className="item" onSelect={go(() => void navigate({ to: '/data/$plural', params: { plural: m.plural } }))}>
                  <Table2 size={15} aria-hidden />{m.name}<span className="end">{m.fields.length} fields</span>
                </Command.Item>
              ))}
            </Command.Group>
          )}
          {organizations && organizations.items.length > 0 && (
            <Command.Group heading="Look into an organization">
              {organizations.items.slice(0, 100).map((o) => (
                <Command.Item key={o.id} value={`organization ${o.name} ${o.slug}`} className="item" onSelect={go(() => (look(o), void navigate({ to: '/data' })))}>
                  <Building2 size={15} aria-hidden />{o.name}<span className="end">{o.slug}</span>
                </Command.Item>
              ))}
            </Command.Group>
          )}
          <Command.Group heading="Do">
            <Command.Item value="Dark theme" className="item" onSelect={go(() => setTheme('dark'))}><Moon size={15} aria-hidden />Dark theme</Command.Item>
            <Command.Item value="Light theme" className="item" onSelect={go(() => setTheme('light'))}><Sun size={15} aria-hidden />Light theme</Command.Item>
            <Command.Item value="Your account" className="item" onSelect={go(() => location.assign('/account'))}><UserRound size={15} aria-hidden />Your account</Command.Item>
          </Command.Group>
        </Command.List>
      </Command>
    </dialog>
  )
}
