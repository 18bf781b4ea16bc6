import type { ReactNode } from 'react';
import { type EntryProps } from './entry.js';
export interface SignUpProps extends EntryProps {
    /** Shows the way to a sign-in. */
    onSignIn?: () => void;
    /** The token of an invitation. */
    invitation?: string;
}
/** Makes an account, with the fields of `extend type User`. */
export declare function SignUp({ onSignIn, invitation, ...entry }: SignUpProps): ReactNode;
