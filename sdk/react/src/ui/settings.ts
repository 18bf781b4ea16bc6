import { useQuery } from '@tanstack/react-query'
import type { LoamError, Provider, Ways } from '@loam/client'
import { useLoam } from '../context.js'

export interface Settings {
  ways: Ways
  providers: readonly Provider[]
}

/** How one signs in here; undefined until it is known. */
export function useSettings(): { settings: Settings | undefined; error: LoamError | null; retry: () => unknown } {
  const { client, queryClient } = useLoam()
  const query = useQuery<Settings, LoamError>(
    {
      queryKey: ['loam-settings', client.http.url],
      queryFn: async () => {
        const [ways, providers] = await Promise.all([client.auth.ways(), client.auth.providers()])
        return { ways, providers }
      },
      staleTime: 5 * 60_000, // of a page that stays open
      retry: false,
    },
    queryClient,
  )
  return { settings: query.data, error: query.error, retry: query.refetch }
}
