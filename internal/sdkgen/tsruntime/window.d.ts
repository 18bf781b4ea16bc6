/** A row, of which only its key's fields are known here. */
export type Row = Record<string, unknown>;
export interface Window {
    rows: Row[];
    nextCursor: string | null;
    total: number | undefined;
}
/** What a live list's event says. */
export interface EventData {
    items?: Row[];
    nextCursor?: string | null;
    total?: number;
    id?: string;
    index?: number;
    row?: Row;
}
export declare const nothing: Window;
/** Names a row as the server does: the value of its key, or all of them joined by commas. */
export declare function idOf(key: readonly string[], row: Row): string;
/** The list after an event. */
export declare function applied(w: Window, type: string, data: EventData, key: readonly string[]): Window;
/** A write that is on its way. */
export interface Pending {
    /** Of its request, for the server to know a repeat by. */
    key: string;
    kind: 'create' | 'update' | 'delete';
    /** The collection's. */
    path: string;
    id: string;
    input?: Row;
    /** Of a create: the row, as far as it is known. */
    row?: Row;
    /** What the server answered, while the list has yet to tell of it. */
    done?: Row | true;
}
/** Where a row that is being created stands in a list; undefined for nowhere. */
export type Place = (row: Row, rows: readonly Row[]) => number | 'first' | 'last' | undefined;
/** A model's relations by their names, each with its kind and the fields that name a row. */
export type Relations = Record<string, readonly string[]>;
/**
 * A new row with what its list includes: nothing where there can be many, and of one that it
 * refers to, what another row of the list has of it. Undefined where that is not known and
 * must be.
 */
export declare function whole(row: Row, include: object, relations: Relations, rows: readonly Row[]): Row | undefined;
/** The list as it will be once all that is on its way has been done. */
export declare function ahead(rows: Row[], key: readonly string[], pending: readonly Pending[], place: Place | undefined, complete?: (row: Row, _rows: readonly Row[]) => Row | undefined): Row[];
