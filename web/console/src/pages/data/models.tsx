import { useQuery } from '@tanstack/react-query'
import { Navigate, useLocation } from '@tanstack/react-router'
import { schemaQuery } from '../../api/console'

/** FirstModel goes on to the rows of the first model, unless one is on the way elsewhere by then. */
export function FirstModel() {
  const schema = useQuery(schemaQuery).data
  const first = schema?.models.find((m) => m.operations.list && !m.builtIn) ?? schema?.models.find((m) => m.operations.list)
  const still = useLocation({ select: (at) => /\/data\/?$/.test(at.pathname) })
  return first && still ? <Navigate to="/data/$plural" params={{ plural: first.plural }} search={{}} replace /> : null
}
