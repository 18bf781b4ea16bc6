// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import * as loam from '@loam/client'

export * from '@loam/client'

/**
 * A colour.
 * - RED: Like blood.
 */
export const Color = ['RED', 'GREEN', 'BLUE'] as const
export type Color = (typeof Color)[number]

/** Where something is. */
export interface Place {
  street: string
  zip?: string | null
  near?: Place2 | null
  codes?: (number | null)[] | null
}

export interface Place2 {
  lat: number
  long: number
}

/** Every kind of field. */
export interface Sample {
  id: string
  /** What it is about, "in short" & <plain>. */
  text: string
  slug: string | null
  count: number
  ratio: number | null
  done: boolean
  day: string | null
  hour: string | null
  at: string | null
  seen: number | null
  mail: string | null
  site: string | null
  phone: string | null
  address: string | null
  anything: unknown
  color: Color
  colors: Color[]
  tags: (string | null)[] | null
  scores: number[] | null
  place: Place | null
  places: Place[] | null
  secret?: string | null
  /** @deprecated use text */
  old: string | null
  owner: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface SampleCreate {
  id?: string
  /** What it is about, "in short" & <plain>. */
  text: string
  slug?: string | null
  /** Default: `3`. */
  count?: number
  ratio?: number | null
  /** Default: `false`. */
  done?: boolean
  day?: string | null
  hour?: string | null
  at?: string | null
  seen?: number | null
  mail?: string | null
  site?: string | null
  phone?: string | null
  address?: string | null
  anything?: unknown
  /** Default: `RED`. */
  color?: Color
  colors: readonly Color[]
  tags?: readonly (string | null)[] | null
  scores?: readonly number[] | null
  place?: Place | null
  places?: readonly Place[] | null
  secret?: string | null
  /** @deprecated use text */
  old?: string | null
  owner?: string | null
}

export interface SampleUpdate {
  /** What it is about, "in short" & <plain>. */
  text?: string
  slug?: string | null
  count?: number
  ratio?: number | null
  done?: boolean
  day?: string | null
  hour?: string | null
  at?: string | null
  seen?: number | null
  mail?: string | null
  site?: string | null
  phone?: string | null
  address?: string | null
  anything?: unknown
  color?: Color
  colors?: readonly Color[]
  tags?: readonly (string | null)[] | null
  scores?: readonly number[] | null
  place?: Place | null
  places?: readonly Place[] | null
  secret?: string | null
  /** @deprecated use text */
  old?: string | null
  owner?: string | null
}

/** Rows that meet all of this. */
export interface SampleFilter {
  id?: string | TextFilter
  text?: string | TextFilter
  slug?: string | null | TextFilter
  count?: number | NumberFilter
  ratio?: number | null | NumberFilter
  done?: boolean | ChoiceFilter<boolean>
  day?: string | null | TextFilter
  hour?: string | null | TextFilter
  at?: string | null | TextFilter
  seen?: number | null | NumberFilter
  mail?: string | null | TextFilter
  site?: string | null | TextFilter
  phone?: string | null | TextFilter
  address?: string | null | TextFilter
  anything?: ObjectFilter
  color?: Color | ChoiceFilter<Color>
  colors?: ListFilter<Color>
  tags?: ListFilter<string>
  scores?: ListFilter<number>
  place?: ObjectFilter
  places?: ObjectListFilter
  secret?: string | null | TextFilter
  old?: string | null | TextFilter
  owner?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly SampleFilter[]
  or?: readonly SampleFilter[]
  not?: SampleFilter
}

export interface SampleModel {
  row: Sample
  key: string
  create: SampleCreate
  update: SampleUpdate
  filter: SampleFilter
  plain: 'id' | 'text' | 'slug' | 'count' | 'ratio' | 'done' | 'day' | 'hour' | 'at' | 'seen' | 'mail' | 'site' | 'phone' | 'address' | 'color' | 'secret' | 'old' | 'owner' | 'createdAt' | 'updatedAt' | 'version'
  number: 'count' | 'ratio' | 'seen' | 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'search' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

/** A user who is a member of the active organization. */
export interface User {
  id: string
  name: string | null
  email: string | null
  role: string | null
  createdAt: string
  /** What they are called on the phone. */
  nickname: string | null
  theme: Color
  home: Place | null
  salary?: number | null
}

/** Rows that meet all of this. */
export interface UserFilter {
  id?: string | TextFilter
  name?: string | null | TextFilter
  email?: string | null | TextFilter
  role?: string | null | TextFilter
  createdAt?: string | TextFilter
  nickname?: string | null | TextFilter
  theme?: Color | ChoiceFilter<Color>
  home?: ObjectFilter
  salary?: number | null | NumberFilter
  and?: readonly UserFilter[]
  or?: readonly UserFilter[]
  not?: UserFilter
}

export interface UserModel {
  row: User
  key: string
  create: never
  update: never
  filter: UserFilter
  plain: 'id' | 'name' | 'email' | 'role' | 'createdAt' | 'nickname' | 'theme' | 'salary'
  number: 'salary'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'get'
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

export interface ChoiceFilter<T> {
  eq?: T | null
  ne?: T | null
  in?: readonly T[]
  notIn?: readonly T[]
  isNull?: boolean
}

export interface ListFilter<T> {
  contains?: T
  notContains?: T
  size?: number | SizeFilter
  isNull?: boolean
}

export interface ObjectFilter {
  isNull?: boolean
}

export interface ObjectListFilter {
  size?: number | SizeFilter
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
    samples: SampleModel
    users: UserModel
  }
  role: OrganizationRole
  user: {
    /** What they are called on the phone. */
    nickname?: string | null
    theme?: Color
    home?: Place | null
    salary?: number | null
  }
  signUp: {
    /** What they are called on the phone. */
    nickname?: string | null
    theme?: Color
    home?: Place | null
    salary?: number | null
  }
  profile: {
    /** What they are called on the phone. */
    nickname?: string | null
    theme?: Color
    home?: Place | null
    salary?: number | null
  }
  organization: {}
  organizationChange: {}
}

/** The type of a row as it is asked for: `RowOf<'tasks', { fields: ['title']; include: { project: true } }>`. */
export type RowOf<C extends keyof Schema['models'], A = {}> = loam.RowOf<Schema, C, A>

export type Client = loam.Client<Schema>

const keys = {
  samples: ['id'],
  users: ['id'],
} as const

const drafts: loam.Drafts<Schema> = {
  samples: {
    row: ({ id, by, at }) => ({ id, slug: null, count: 3, ratio: null, done: false, day: null, hour: null, at: null, seen: null, mail: null, site: null, phone: null, address: null, anything: null, color: 'RED', tags: null, scores: null, place: null, places: null, secret: null, old: null, owner: by, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
}

/** Makes a client of this backend. */
export const createClient = (options?: loam.ClientOptions): Client => loam.createClient<Schema>(keys, options, drafts)
