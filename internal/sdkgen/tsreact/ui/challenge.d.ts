import { type ReactNode } from 'react';
import type { Challenge, SignedIn } from '@loam/client';
import { type Heading } from './parts.js';
import { type Say } from './texts.js';
export type Entered = (answer: SignedIn) => void;
/** Asks for the code of a mail or an app. */
export declare const codeField: (t: Say) => {
    name: string;
    label: string;
    code: boolean;
    autoComplete: string;
};
export interface SecondFactorProps {
    challenge: Challenge;
    heading: Heading;
    entered: Entered;
    again: () => void;
}
export declare function SecondFactor({ challenge: c, heading, entered, again }: SecondFactorProps): ReactNode;
/** Codes that are shown this once. */
export declare function RecoveryCodes({ codes, heading, done }: {
    codes: readonly string[];
    heading: Heading;
    done: () => void;
}): ReactNode;
