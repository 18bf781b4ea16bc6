import { type ReactNode } from 'react';
import type { Identity, SignedIn, SignedUp } from '@loam/client';
import { type Heading } from './parts.js';
export interface EntryProps {
    /** Goes on once somebody is signed in. */
    onSignedIn?: (who: Identity) => void;
    /** The page that providers and links lead back to: one of `auth.redirects`. Unless given, providers lead to this page, and links to the server's own. */
    redirect?: string;
    /** What the title is; `h1` unless given. */
    heading?: Heading;
}
/** What follows a proof, and takes the place of what asked for it. */
export declare function useNext({ onSignedIn, redirect, heading }: EntryProps): {
    panel: ReactNode;
    entered: (answer: SignedIn | SignedUp) => void;
    confirm: (email: string) => void;
    heading: Heading;
};
export interface MailedProps {
    heading: Heading;
    text: 'mailed' | 'signInMailed';
    email: string;
    /** What the mail has: a code, a link or both. */
    code: boolean;
    link: boolean;
    submit: 'confirm' | 'signIn';
    send: (code: string) => Promise<void>;
    resend: () => Promise<void>;
    back: () => void;
}
/** A mail is on its way; its code is asked for. */
export declare function Mailed({ heading, text, email, code, link, submit, send, resend, back }: MailedProps): ReactNode;
/** Offers to send a mail once more. */
export declare function Again({ send }: {
    send: () => Promise<void>;
}): ReactNode;
