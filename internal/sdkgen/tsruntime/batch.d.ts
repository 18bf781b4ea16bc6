import type { Http } from './request.js';
import { type ModelMeta, type WriteOptions } from './rows.js';
import type { Model, Schema } from './types.js';
/** A write of a batch; T is what it answers. */
export interface Write<T> {
    readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly body?: object;
    readonly ifMatch?: string;
    /** In types alone. */
    readonly result?: T;
}
/** The writes of a model's rows, as parts of a batch. */
export interface BatchMethods<M extends Model> {
    create(input: M['create']): Write<M['row']>;
    update(key: M['key'], input: M['update'], options?: {
        ifVersion?: number;
    }): Write<M['row']>;
    upsert(input: M['create'], options?: {
        ifVersion?: number;
    }): Write<M['row']>;
    delete(key: M['key'], options?: {
        ifVersion?: number;
    }): Write<undefined>;
}
/** The models that can be written. */
export type Batch<S extends Schema> = {
    readonly [C in keyof S['models']]: S['models'][C] extends infer M extends Model ? Pick<BatchMethods<M>, keyof BatchMethods<M> & M['can']> : never;
};
/** What the writes of a batch answer, in order. */
export type Written<W extends readonly unknown[]> = {
    -readonly [K in keyof W]: W[K] extends Write<infer T> ? T : never;
};
/** Makes the function that runs several writes as one transaction. */
export declare function createBatch(http: Http, metas: Record<string, ModelMeta>): (build: (tx: unknown) => readonly Write<unknown>[], options?: WriteOptions) => Promise<unknown[]>;
