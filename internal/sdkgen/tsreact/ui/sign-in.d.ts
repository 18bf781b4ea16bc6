import { type ReactNode } from 'react';
import { type EntryProps } from './entry.js';
export interface SignInProps extends EntryProps {
    /** Shows the way to a sign-up, where one is open. */
    onSignUp?: () => void;
}
/** Signs somebody in, by every way that the server allows. */
export declare function SignIn({ onSignUp, ...entry }: SignInProps): ReactNode;
