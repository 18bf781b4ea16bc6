// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

import * as loam from '@loam/client'

export * from '@loam/client'

export const enum_ = ['A', 'B'] as const
export type enum_ = (typeof enum_)[number]

export interface Schema {
  createClient?: string | null
  keys?: string[] | null
}

export interface Place {
  lat: number
  long: number
  at?: string | null
  colors?: enum_[] | null
}

/** A type's name that is a keyword. Comments may say *\/ and ${this}. */
export interface string_ {
  id: string
  class: string
  default: number | null
  constructor: boolean | null
  function: enum_ | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface stringCreate {
  id?: string
  class: string
  default?: number | null
  constructor?: boolean | null
  function?: enum_ | null
}

export interface stringUpdate {
  class?: string
  default?: number | null
  constructor?: boolean | null
  function?: enum_ | null
}

/** Rows that meet all of this. */
export interface stringFilter {
  id?: string | TextFilter
  class?: string | TextFilter
  default?: number | null | NumberFilter
  constructor?: boolean | null | ChoiceFilter<boolean>
  function?: enum_ | null | ChoiceFilter<enum_>
  parents?: TreeStringFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly stringFilter[]
  or?: readonly stringFilter[]
  not?: stringFilter
}

export interface stringModel {
  row: string_
  key: string
  create: stringCreate
  update: stringUpdate
  filter: stringFilter
  plain: 'id' | 'class' | 'default' | 'constructor' | 'function' | 'createdAt' | 'updatedAt' | 'version'
  number: 'default' | 'version'
  relations: {
    parents: { model: TreeStringModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

export interface Client {
  id: string
  name: string
  schema: Schema | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface ClientCreate {
  id?: string
  name: string
  schema?: Schema | null
}

export interface ClientUpdate {
  name?: string
  schema?: Schema | null
}

/** Rows that meet all of this. */
export interface ClientFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  schema?: ObjectFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly ClientFilter[]
  or?: readonly ClientFilter[]
  not?: ClientFilter
}

export interface ClientModel {
  row: Client
  key: string
  create: ClientCreate
  update: ClientUpdate
  filter: ClientFilter
  plain: 'id' | 'name' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

/** A tree, with all that may be hidden of it. */
export interface Tree {
  id: string
  name: string
  salary?: number | null
  stamped?: string | null
  points: number | null
  weights: number[]
  tags: (string | null)[] | null
  anything: unknown
  places: (Place | null)[] | null
  /** The key of its Tree. */
  parentId: string | null
  /** The key of its Tree. */
  rootId: string
  /** The key of its Secret. */
  secretId: string
  /** The key of its Vault. */
  vaultId: string
  treeBestId: string | null
  owner: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TreeCreate {
  id?: string
  name: string
  salary?: number | null
  points?: number | null
  weights: readonly number[]
  tags?: readonly (string | null)[] | null
  anything: unknown
  places?: readonly (Place | null)[] | null
  /** The key of its Tree. */
  parentId?: string | null
  /** The key of its Tree. */
  rootId: string
  /** The key of its Secret. */
  secretId: string
  /** The key of its Vault. */
  vaultId: string
  treeBestId?: string | null
}

export interface TreeUpdate {
  name?: string
  salary?: number | null
  points?: number | null
  weights?: readonly number[]
  tags?: readonly (string | null)[] | null
  anything?: unknown
  places?: readonly (Place | null)[] | null
  /** The key of its Tree. */
  parentId?: string | null
  /** The key of its Tree. */
  rootId?: string
  /** The key of its Secret. */
  secretId?: string
  /** The key of its Vault. */
  vaultId?: string
  treeBestId?: string | null
}

/** Rows that meet all of this. */
export interface TreeFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  parent?: TreeFilter
  children?: TreeFilter
  root?: TreeFilter
  below?: TreeFilter
  strings?: TreeStringFilter
  secret?: SecretFilter
  vault?: VaultFilter
  best?: SecretFilter
  salary?: number | null | NumberFilter
  stamped?: string | null | TextFilter
  points?: number | null | NumberFilter
  weights?: ListFilter<number>
  tags?: ListFilter<string>
  anything?: ObjectFilter
  places?: ObjectListFilter
  parentId?: string | null | TextFilter
  rootId?: string | TextFilter
  secretId?: string | TextFilter
  vaultId?: string | TextFilter
  treeBestId?: string | null | TextFilter
  owner?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly TreeFilter[]
  or?: readonly TreeFilter[]
  not?: TreeFilter
}

export interface TreeModel {
  row: Tree
  key: string
  create: TreeCreate
  update: TreeUpdate
  filter: TreeFilter
  plain: 'id' | 'name' | 'salary' | 'stamped' | 'points' | 'parentId' | 'rootId' | 'secretId' | 'vaultId' | 'treeBestId' | 'owner' | 'createdAt' | 'updatedAt' | 'version'
  number: 'salary' | 'points' | 'version'
  relations: {
    parent: { model: TreeModel; kind: 'maybe' }
    children: { model: TreeModel; kind: 'many' }
    root: { model: TreeModel; kind: 'one' }
    below: { model: TreeModel; kind: 'many' }
    strings: { model: TreeStringModel; kind: 'many' }
    secret: { model: SecretModel; kind: 'maybe' }
    vault: { model: VaultModel; kind: 'one' }
    best: { model: SecretModel; kind: 'maybe' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

/** Only its owner reads it. */
export interface Secret {
  id: string
  text: string
  owner: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface SecretCreate {
  id?: string
  text: string
}

export interface SecretUpdate {
  text?: string
}

/** Rows that meet all of this. */
export interface SecretFilter {
  id?: string | TextFilter
  text?: string | TextFilter
  trees?: TreeFilter
  owner?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly SecretFilter[]
  or?: readonly SecretFilter[]
  not?: SecretFilter
}

export interface SecretModel {
  row: Secret
  key: string
  create: SecretCreate
  update: SecretUpdate
  filter: SecretFilter
  plain: 'id' | 'text' | 'owner' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    trees: { model: TreeModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

/** Only admins read it, and nobody removes it. */
export interface Vault {
  id: string
  text: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface VaultCreate {
  id?: string
  text: string
}

export interface VaultUpdate {
  text?: string
}

/** Rows that meet all of this. */
export interface VaultFilter {
  id?: string | TextFilter
  text?: string | TextFilter
  trees?: TreeFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly VaultFilter[]
  or?: readonly VaultFilter[]
  not?: VaultFilter
}

export interface VaultModel {
  row: Vault
  key: string
  create: VaultCreate
  update: VaultUpdate
  filter: VaultFilter
  plain: 'id' | 'text' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    trees: { model: TreeModel; kind: 'many' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert'
}

/** Nobody reads it. */
export interface Log {
  id: string
  line: string
  /** The key of its Tree. */
  treeId: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface LogCreate {
  id?: string
  line: string
  /** The key of its Tree. */
  treeId?: string | null
}

/** Rows that meet all of this. */
export interface LogFilter {
  id?: string | TextFilter
  line?: string | TextFilter
  tree?: TreeFilter
  treeId?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
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
  plain: 'id' | 'line' | 'treeId' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    tree: { model: TreeModel; kind: 'maybe' }
  }
  can: 'create'
}

/** Everybody reads it. */
export interface Country {
  code: string
  name: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

/** Rows that meet all of this. */
export interface CountryFilter {
  code?: string | TextFilter
  name?: string | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly CountryFilter[]
  or?: readonly CountryFilter[]
  not?: CountryFilter
}

export interface CountryModel {
  row: Country
  key: string
  create: never
  update: never
  filter: CountryFilter
  plain: 'code' | 'name' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'get'
}

export interface Seat {
  hall: string
  row: number
  number: number
  /** The key of its Country. */
  countryCode: string
  /** The key of its User. */
  holderId: string | null
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface SeatCreate {
  hall: string
  row: number
  number: number
  /** The key of its Country. */
  countryCode: string
  /** The key of its User. */
  holderId?: string | null
}

export interface SeatUpdate {
  /** The key of its Country. */
  countryCode?: string
  /** The key of its User. */
  holderId?: string | null
}

/** Rows that meet all of this. */
export interface SeatFilter {
  hall?: string | TextFilter
  row?: number | NumberFilter
  number?: number | NumberFilter
  country?: CountryFilter
  holder?: UserFilter
  countryCode?: string | TextFilter
  holderId?: string | null | TextFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly SeatFilter[]
  or?: readonly SeatFilter[]
  not?: SeatFilter
}

export interface SeatModel {
  row: Seat
  key: { readonly hall: string; readonly row: number; readonly number: number }
  create: SeatCreate
  update: SeatUpdate
  filter: SeatFilter
  plain: 'hall' | 'row' | 'number' | 'countryCode' | 'holderId' | 'createdAt' | 'updatedAt' | 'version'
  number: 'row' | 'number' | 'version'
  relations: {
    country: { model: CountryModel; kind: 'one' }
    holder: { model: UserModel; kind: 'maybe' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert' | 'delete'
}

/** A user who is a member of the active organization. */
export interface User {
  id: string
  name: string | null
  email: string | null
  role: string | null
  createdAt: string
  nickname: string | null
  theme: enum_
  born: string | null
  grade?: number | null
}

/** Rows that meet all of this. */
export interface UserFilter {
  id?: string | TextFilter
  name?: string | null | TextFilter
  email?: string | null | TextFilter
  role?: string | null | TextFilter
  createdAt?: string | TextFilter
  nickname?: string | null | TextFilter
  theme?: enum_ | ChoiceFilter<enum_>
  born?: string | null | TextFilter
  grade?: number | null | NumberFilter
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
  plain: 'id' | 'name' | 'email' | 'role' | 'createdAt' | 'nickname' | 'theme' | 'born' | 'grade'
  number: 'grade'
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'get'
}

/** The active organization. */
export interface Organization {
  id: string
  name: string
  slug: string
  logo: string | null
  color: string | null
  createdAt: string
  vat?: string | null
}

/** Rows that meet all of this. */
export interface OrganizationFilter {
  id?: string | TextFilter
  name?: string | TextFilter
  slug?: string | TextFilter
  logo?: string | null | TextFilter
  color?: string | null | TextFilter
  createdAt?: string | TextFilter
  vat?: string | null | TextFilter
  and?: readonly OrganizationFilter[]
  or?: readonly OrganizationFilter[]
  not?: OrganizationFilter
}

export interface OrganizationModel {
  row: Organization
  key: string
  create: never
  update: never
  filter: OrganizationFilter
  plain: 'id' | 'name' | 'slug' | 'logo' | 'color' | 'createdAt' | 'vat'
  number: never
  relations: {}
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'get'
}

/** Joins string and Tree. */
export interface TreeString {
  id: string
  /** The key of its string. */
  stringId: string
  /** The key of its Tree. */
  treeId: string
  createdAt: string
  updatedAt: string
  /** Counts the changes of the row; its ETag. */
  version: number
}

export interface TreeStringCreate {
  id?: string
  /** The key of its string. */
  stringId: string
  /** The key of its Tree. */
  treeId: string
}

export interface TreeStringUpdate {
  /** The key of its string. */
  stringId?: string
  /** The key of its Tree. */
  treeId?: string
}

/** Rows that meet all of this. */
export interface TreeStringFilter {
  id?: string | TextFilter
  stringId?: string | TextFilter
  string?: stringFilter
  treeId?: string | TextFilter
  tree?: TreeFilter
  createdAt?: string | TextFilter
  updatedAt?: string | TextFilter
  version?: number | NumberFilter
  and?: readonly TreeStringFilter[]
  or?: readonly TreeStringFilter[]
  not?: TreeStringFilter
}

export interface TreeStringModel {
  row: TreeString
  key: string
  create: TreeStringCreate
  update: TreeStringUpdate
  filter: TreeStringFilter
  plain: 'id' | 'stringId' | 'treeId' | 'createdAt' | 'updatedAt' | 'version'
  number: 'version'
  relations: {
    string: { model: stringModel; kind: 'one' }
    tree: { model: TreeModel; kind: 'one' }
  }
  can: 'list' | 'pages' | 'count' | 'aggregate' | 'live' | 'get' | 'create' | 'update' | 'upsert'
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
export interface Schema_ {
  models: {
    strings: stringModel
    clients: ClientModel
    trees: TreeModel
    secrets: SecretModel
    vaults: VaultModel
    logs: LogModel
    countries: CountryModel
    seats: SeatModel
    users: UserModel
    organizations: OrganizationModel
    treeStrings: TreeStringModel
  }
  role: OrganizationRole
  user: {
    nickname?: string | null
    theme?: enum_
    born?: string | null
    grade?: number | null
  }
  signUp: {
    nickname?: string | null
    theme?: enum_
    born: string
  }
  profile: {
    nickname?: string | null
    theme?: enum_
    born?: string
  }
  organization: {
    vat?: string | null
  }
  organizationChange: {
    vat?: string | null
  }
}

/** The type of a row as it is asked for: `RowOf<'tasks', { fields: ['title']; include: { project: true } }>`. */
export type RowOf<C extends keyof Schema_['models'], A = {}> = loam.RowOf<Schema_, C, A>

export type Client_ = loam.Client<Schema_>

const keys = {
  strings: ['id'],
  clients: ['id'],
  trees: ['id'],
  secrets: ['id'],
  vaults: ['id'],
  logs: ['id'],
  countries: ['code'],
  seats: ['hall', 'row', 'number'],
  users: ['id'],
  organizations: ['id'],
  treeStrings: ['id'],
} as const

const drafts: loam.Drafts<Schema_> = {
  strings: {
    row: ({ id, at }) => ({ id, default: null, constructor: null, function: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { parents: ['many'] },
  },
  clients: {
    row: ({ id, at }) => ({ id, schema: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: {},
  },
  trees: {
    row: ({ id, by, at }) => ({ id, salary: null, stamped: null, points: null, tags: null, places: null, parentId: null, treeBestId: null, owner: by, createdAt: at, updatedAt: at, version: 1 }),
    relations: { parent: ['maybe', 'parentId'], children: ['many'], root: ['one', 'rootId'], below: ['many'], strings: ['many'], secret: ['maybe', 'secretId'], vault: ['one', 'vaultId'], best: ['maybe'] },
  },
  secrets: {
    row: ({ id, by, at }) => ({ id, owner: by, createdAt: at, updatedAt: at, version: 1 }),
    relations: { trees: ['many'] },
  },
  vaults: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: { trees: ['many'] },
  },
  logs: {
    row: ({ id, at }) => ({ id, treeId: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { tree: ['maybe', 'treeId'] },
  },
  seats: {
    row: ({ at }) => ({ holderId: null, createdAt: at, updatedAt: at, version: 1 }),
    relations: { country: ['one', 'countryCode'], holder: ['maybe', 'holderId'] },
  },
  treeStrings: {
    row: ({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 }),
    relations: { string: ['one', 'stringId'], tree: ['one', 'treeId'] },
  },
}

/** Makes a client of this backend. */
export const createClient = (options?: loam.ClientOptions): Client_ => loam.createClient<Schema_>(keys, options, drafts)
