// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import { createHooks } from '@loam/react'
import type { Schema } from './index.js'

export * from '@loam/react'

const hooks = createHooks<Schema>()
export const { LoamProvider, useAuth, useClient } = hooks

export const {
  useList: useOrderLines,
  useSuspenseList: useSuspenseOrderLines,
  useInfinite: useInfiniteOrderLines,
  useOne: useOrderLine,
  useSuspenseOne: useSuspenseOrderLine,
  useCreate: useCreateOrderLine,
  useUpdate: useUpdateOrderLine,
  useUpsert: useUpsertOrderLine,
  useDelete: useDeleteOrderLine,
} = hooks.model('orderLines', ['orderId', 'day', 'number'])

export const {
  useList: useProducts,
  useSuspenseList: useSuspenseProducts,
  useInfinite: useInfiniteProducts,
  useOne: useProduct,
  useSuspenseOne: useSuspenseProduct,
} = hooks.model('products', ['sku'])

export const {
  useList: useCatalogs,
  useSuspenseList: useSuspenseCatalogs,
  useInfinite: useInfiniteCatalogs,
  useOne: useCatalog,
  useSuspenseOne: useSuspenseCatalog,
  useCreate: useCreateCatalog,
  useUpdate: useUpdateCatalog,
  useUpsert: useUpsertCatalog,
} = hooks.model('catalogs', ['id'])

export const {
  useCreate: useCreateLog,
} = hooks.model('logs', ['id'])
