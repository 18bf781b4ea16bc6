import type { Ways } from '@loam/client';
import { type Field } from './form.js';
import type { Say } from './texts.js';
export type Own = Ways['fields'][number];
/** Makes "Vat number" of vatNumber. */
export declare function inWords(name: string): string;
/** The field that asks for one. */
export declare function fieldOf(f: Own, t: Say): Field;
/** What the server takes of a form's texts. */
export declare function valuesOf(own: readonly Own[], texts: Record<string, string>, t: Say): Record<string, unknown>;
