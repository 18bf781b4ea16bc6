/** A model, as the generated file describes it. */
export interface Model {
    /** Its own fields; those that rules may keep from the caller are optional and may be null. */
    row: object;
    key: unknown;
    create: object;
    update: object;
    filter: object;
    /** The fields that can be sorted and grouped by. */
    plain: string;
    /** Those of them that are numbers. */
    number: string;
    relations: object;
    /** The methods that the rules leave to anybody. */
    can: string;
}
/**
 * A relation: to one row; to one that may not be there, or not for this caller; to
 * many; to many, or null in the rows where a rule keeps the relation.
 */
export interface Relation {
    model: Model;
    kind: 'one' | 'maybe' | 'many' | 'masked';
}
/** All that is known of a backend, as the generated file describes it. */
export interface Schema {
    /** By the name in the path: `tasks`. */
    models: object;
    /** Roles of organizations. */
    role: string;
    /** The fields of `extend type User`, in answers. */
    user: object;
    /** Likewise, in a sign-up. */
    signUp: object;
    /** Likewise, in a change of the caller's profile. */
    profile: object;
    /** The fields of `extend type Organization`, in answers. */
    organization: object;
    /** Likewise, in a change of an organization. */
    organizationChange: object;
}
/** A row that is being created: the id it will have, when, and by which user. */
export interface Made {
    id: string;
    at: string;
    by: string;
}
/** What is known of a model's new rows before the server answers. */
export interface Draft<M extends Model> {
    /** What one has beside its input: defaults, and null. */
    readonly row: (made: Made) => Omit<M['row'], Given<M['create']>>;
    /** What there is of its relations; of those to one row, the fields that name it. */
    readonly relations: {
        readonly [R in keyof M['relations']]: readonly [kind: KindOf<M['relations'][R]>, ...from: (keyof M['row'])[]];
    };
}
/** How new rows look, of the models that have them. */
export type Drafts<S extends Schema> = {
    readonly [C in keyof S['models']]?: S['models'][C] extends infer M extends Model ? Draft<M> : never;
};
type KindOf<R> = R extends Relation ? R['kind'] : never;
type Given<T> = {
    [K in keyof T]-?: {} extends Pick<T, K> ? never : K;
}[keyof T];
/** The names of a model's own fields. */
export type FieldOf<M extends Model> = keyof M['row'] & string;
/** A field to sort by; with `-` in front, the greatest first. */
export type SortOf<M extends Model> = M['plain'] | `-${M['plain']}`;
/** The relations to bring along, each whole or with arguments of its own. */
export type Include<M extends Model> = {
    readonly [R in keyof M['relations']]?: true | Nested<M['relations'][R]>;
};
type Nested<R> = R extends Relation ? (R['kind'] extends 'many' | 'masked' ? NestedMany<R['model']> : NestedOne<R['model']>) : never;
/** What is asked of a relation to one row. */
export interface NestedOne<M extends Model> {
    readonly fields?: readonly FieldOf<M>[];
    readonly include?: Include<M>;
}
/** What is asked of a relation to many. */
export interface NestedMany<M extends Model> extends NestedOne<M> {
    readonly where?: M['filter'];
    readonly sort?: SortOf<M> | readonly SortOf<M>[];
    /** 100 unless given here or by `@hasMany(limit:)`. */
    readonly limit?: number;
}
/**
 * The include as it may be: what is too much in it is never. A type parameter is
 * not searched for keys that its constraint lacks, so that this is done here.
 */
export type ExactInclude<M extends Model, I> = {
    readonly [R in keyof I]: R extends keyof M['relations'] ? ExactNested<M['relations'][R], I[R]> : never;
};
type ExactNested<R, N> = N extends true ? true : R extends Relation ? {
    readonly [P in keyof N]: P extends 'include' ? ExactInclude<R['model'], N[P]> : P extends 'where' ? Exact<N[P], R['model']['filter']> : P extends keyof Nested<R> ? N[P] : never;
} : never;
type Exact<T, S> = [S] extends [T] ? T : T extends readonly (infer E)[] ? readonly Exact<E, S extends readonly (infer F)[] ? F : never>[] : T extends object ? {
    readonly [K in keyof T]: K extends KeyOf<S> ? Exact<T[K], At<S, K>> : never;
} : T;
type KeyOf<S> = S extends readonly unknown[] ? never : S extends object ? keyof S : never;
type At<S, K> = S extends object ? (K extends keyof S ? S[K] : never) : never;
/** Which fields and relations a row has that was asked for with these. */
export type Selected<M extends Model, F, I> = [F] extends [undefined] ? [keyof I] extends [never] ? M['row'] : Flat<M['row'] & Related<M, I>> : Flat<Chosen<M['row'], F> & Related<M, I>>;
type Flat<T> = {
    [K in keyof T]: T[K];
} & {};
type Chosen<Row, F> = F extends readonly (infer K)[] ? number extends F['length'] ? {
    [P in K & keyof Row]?: Row[P];
} : {
    [P in K & keyof Row]-?: Exclude<Row[P], undefined>;
} : Row;
type Related<M extends Model, I> = {
    -readonly [R in keyof I]: R extends keyof M['relations'] ? Joined<M['relations'][R], Exclude<I[R], undefined>> : never;
};
type Joined<R, N> = R extends Relation ? Counted<R['kind'], Selected<R['model'], Part<N, 'fields'>, Part<N, 'include'>>> : never;
type Counted<K, Row> = K extends 'many' ? Row[] : K extends 'masked' ? Row[] | null : K extends 'maybe' ? Row | null : Row;
type Part<N, P extends 'fields' | 'include'> = N extends {
    readonly [K in P]: infer V;
} ? V : P extends 'include' ? {} : undefined;
/** What is asked of one row. */
export interface GetArgs<M extends Model, F, I> {
    /** Only these fields, beside the relations included. */
    fields?: F;
    include?: I & ExactInclude<M, I>;
}
/** What is asked of a list. */
export interface ListArgs<M extends Model, F, I> extends GetArgs<M, F, I> {
    where?: M['filter'];
    sort?: SortOf<M> | readonly SortOf<M>[];
    /** Rows of a page: 1 to 1000, 100 unless given. */
    limit?: number;
    /** `nextCursor` of the page before, with all else as it was. */
    cursor?: string | null;
    /** Words that must all occur, the last as a beginning. The best match comes first. */
    search?: 'search' extends M['can'] ? string : never;
}
/** A page of a list. */
export interface Page<T> {
    items: T[];
    /** Of the next page; null on the last. */
    nextCursor: string | null;
}
/** What is asked of totals. */
export interface TotalArgs<M extends Model, G, S, A, L, H> {
    where?: M['filter'];
    groupBy?: G;
    sum?: S;
    avg?: A;
    min?: L;
    max?: H;
}
/** The totals of one group; of all rows where nothing is grouped by. */
export interface Totals<M extends Model, G, S, A, L, H> {
    group: Grouped<M['row'], G>;
    count: number;
    sum: Numbers<S>;
    avg: Numbers<A>;
    min: Extremes<M['row'], L>;
    max: Extremes<M['row'], H>;
}
type Names<G> = G extends readonly (infer K)[] ? K : never;
type Grouped<Row, G> = {
    [P in Names<G> & keyof Row]-?: Exclude<Row[P], undefined>;
};
type Numbers<S> = {
    [P in Names<S> & string]: number | null;
};
type Extremes<Row, L> = {
    [P in Names<L> & keyof Row]-?: Exclude<Row[P], undefined> | null;
};
/** The type of a collection's row, as it is asked for with fields and include. */
export type RowOf<S extends Schema, C extends keyof S['models'], A = {}> = S['models'][C] extends infer M extends Model ? Selected<M, Part<A, 'fields'>, Part<A, 'include'>> : never;
export {};
