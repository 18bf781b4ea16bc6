import { queryOptions } from '@tanstack/react-query'
import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from 'graphql'
import { json, Problem } from '../../api/request'

/** graphqlQuery is the schema that /graphql serves, asked of it as the admin. */
export const graphqlQuery = queryOptions({
  queryKey: ['graphql schema'],
  queryFn: async ({ signal }): Promise<GraphQLSchema> => {
    const answer = await json<{ data?: IntrospectionQuery; errors?: { message: string; extensions?: { code?: string } }[] }>('POST', '/graphql', { body: { query: getIntrospectionQuery() }, signal })
    if (!answer.data) throw new Problem(200, answer.errors?.[0]?.extensions?.code ?? '', '', answer.errors?.[0]?.message ?? 'The server answered without data.')
    return buildClientSchema(answer.data)
  },
  staleTime: 60_000,
})
