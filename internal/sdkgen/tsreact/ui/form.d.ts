import { type ReactNode } from 'react';
export interface Field {
    name: string;
    label: string;
    type?: 'text' | 'email' | 'password' | 'url' | 'tel' | 'number' | 'date' | 'time' | 'datetime-local' | 'checkbox' | 'lines';
    step?: string;
    autoComplete?: string;
    value?: string;
    hint?: string;
    optional?: boolean;
    /** Digits that were sent or shown elsewhere. */
    code?: boolean;
    options?: readonly (readonly [value: string, label: string])[];
}
export interface FormProps {
    fields?: readonly Field[];
    submit: string;
    /** What it throws is shown, beside the field that it names. */
    send: (values: Record<string, string>) => unknown;
    danger?: boolean;
    /** Its fields beside each other, where there is room. */
    across?: boolean;
    label?: string;
    /** Beside the button. */
    children?: ReactNode;
}
/** A failure that is about a field. */
export declare class FieldError extends Error {
    readonly field: string;
    constructor(field: string, message: string);
}
export declare function Form({ fields, submit, send, danger, across, label, children }: FormProps): ReactNode;
/** Thrown where nothing is to be said. */
export declare class Quiet extends Error {
}
