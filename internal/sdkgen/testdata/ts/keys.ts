// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import * as loam from '@loam/client'

export * from '@loam/client'

/** A line of an order: its key has two values. */
export interface OrderLine {
  orderId: string
  day: string
  number: number
  /** The key of its Product. */
  productSku: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface OrderLineCreate {
  orderId: string
  day: string
  number: number
  /** The key of its Product. */
  productSku?: string | null
}

export interface OrderLineUpdate {
  /** The key of its Product. */
  productSku?: string | null
}

/** Rows that meet all of this. */
export interface OrderLineFilter {
  orderId?: string | TextFilter
  day?: string | TextFilter
  number?: number | NumberFilter
  product?: ProductFilter
  productSku?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly OrderLineFilter[]
  or?: readonly OrderLineFilter[]
  not?: OrderLineFilter
}

export interface OrderLineModel {
  row: OrderLine
  key: { readonly orderId: string; readonly day: string; readonly number: number }
  create: OrderLineCreate
  update: OrderLineUpdate
  filter: OrderLineFilter
  plain: 'orderId' | 'day' | 'number' | 'productSku' | 'createdAt' | 'updatedAt' | 'version'
  number: 'number' | 'version'
  relations: {
    product: { model: ProductModel; kind: 'maybe' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Product {
  sku: string
  name: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

/** Rows that meet all of this. */
export interface ProductFilter {
  sku?: string | TextFilter
  name?: string | TextFilter
  lines?: OrderLineFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly ProductFilter[]
  or?: readonly ProductFilter[]
  not?: ProductFilter
}

export interface ProductModel {
  row: Product
  key: string
  create: never
  update: never
  filter: ProductFilter
  plain: 'sku' | 'name' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    lines: { model: OrderLineModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get'
}

export interface Catalog {
  id: string
  title: string
  createdAt: string | null
  /** The key of its Catalog. */
  parentId: string | null
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface CatalogCreate {
  id?: string
  title: string
  createdAt?: string | null
  /** The key of its Catalog. */
  parentId?: string | null
}

export interface CatalogUpdate {
  title?: string
  createdAt?: string | null
  /** The key of its Catalog. */
  parentId?: string | null
}

/** Rows that meet all of this. */
export interface CatalogFilter {
  id?: string | TextFilter
  title?: string | TextFilter
  createdAt?: string | null | TextFilter
  parent?: CatalogFilter
  parentId?: string | null | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly CatalogFilter[]
  or?: readonly CatalogFilter[]
  not?: CatalogFilter
}

export interface CatalogModel {
  row: Catalog
  key: string
  create: CatalogCreate
  update: CatalogUpdate
  filter: CatalogFilter
  plain: 'id' | 'title' | 'createdAt' | 'parentId' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    parent: { model: CatalogModel; kind: 'maybe' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'get' | 'create' | 'update' | 'upsert'
}

export interface Log {
  id: string
  line: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface LogCreate {
  id?: string
  line: string
}

/** Rows that meet all of this. */
export interface LogFilter {
  id?: string | TextFilter
  line?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly LogFilter[]
  or?: readonly LogFilter[]
  not?: LogFilter
}

export interface LogModel {
  row: Log
  key: string
  create: LogCreate
  update: never
  filter: LogFilter
  plain: 'id' | 'line' | 'version'
  number: 'version'
  relations: {}
  can: 'create'
}

export interface TextFilter {
  contains?: string
  notContains?: string
  beginsWith?: string
  size?: number | SizeFilter
  eq?: string | null
  ne?: string | null
  lt?: string
  le?: string
  gt?: string
  ge?: string
  between?: readonly [string, string]
  in?: readonly string[]
  notIn?: readonly string[]
  isNull?: boolean
}

export interface NumberFilter {
  eq?: number | null
  ne?: number | null
  lt?: number
  le?: number
  gt?: number
  ge?: number
  between?: readonly [number, number]
  in?: readonly number[]
  notIn?: readonly number[]
  isNull?: boolean
}

export interface SizeFilter {
  eq?: number | null
  ne?: number | null
  lt?: number
  le?: number
  gt?: number
  ge?: number
  between?: readonly [number, number]
  in?: readonly number[]
  notIn?: readonly number[]
}

/** What a member of an organization may be. */
export type OrganizationRole = 'owner' | 'admin' | 'member'

/** All that is known of the backend. */
export interface Schema {
  models: {
    orderLines: OrderLineModel
    products: ProductModel
    catalogs: CatalogModel
    logs: LogModel
  }
  role: OrganizationRole
  user: {}
  signUp: {}
  profile: {}
  organization: {}
  organizationChange: {}
}

/** The type of a row as it is asked for: `RowOf<'tasks', { fields: ['title']; include: { project: true } }>`. */
export type RowOf<C extends keyof Schema['models'], A = {}> = loam.RowOf<Schema, C, A>

export type Client = loam.Client<Schema>

const keys = {
  orderLines: ['orderId', 'day', 'number'],
  products: ['sku'],
  catalogs: ['id'],
  logs: ['id'],
} as const

const drafts: loam.Drafts<Schema> = {
  orderLines: {
    row: ({ at }) => ({ productSku: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { product: ['maybe', 'productSku'] },
  },
  catalogs: {
    row: ({ id, at }) => ({ id, createdAt: at, parentId: null, updatedAt: at, version: 1 }),
    relations: { parent: ['maybe', 'parentId'] },
  },
  logs: {
    row: ({ id }) => ({ id, version: 1 }),
    relations: {},
  },
}

/** Makes a client of this backend. */
export const createClient = (options?: loam.ClientOptions): Client => loam.createClient<Schema>(keys, options, drafts)
