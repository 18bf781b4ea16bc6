import { useQuery } from '@tanstack/react-query'
import { Navigate } from '@tanstack/react-router'
import { schemaQuery } from '../../api/console'

/** FirstModel goes on to the rows of the first model. */
export function FirstModel() {
  const schema = useQuery(schemaQuery).data
  const first = schema?.models.find((m) => m.operations.list && !m.builtIn) ?? schema?.models.find((m) => m.operations.list)
  return first ? <Navigate to="/data/$plural" params={{ plural: first.plural }} search={{}} replace /> : null
}
