import { useQuery } from '@tanstack/react-query';
import { useLoam } from '../context.js';
/** How one signs in here; undefined until it is known. */
export function useSettings() {
    const { client, queryClient } = useLoam();
    const query = useQuery({
        queryKey: ['loam-settings', client.http.url],
        queryFn: async () => {
            const [ways, providers] = await Promise.all([client.auth.ways(), client.auth.providers()]);
            return { ways, providers };
        },
        staleTime: 5 * 60_000, // of a page that stays open
        retry: false,
    }, queryClient);
    return { settings: query.data, error: query.error, retry: query.refetch };
}
