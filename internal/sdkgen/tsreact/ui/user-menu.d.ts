import type { ReactNode } from 'react';
import { type MenuItem } from './menu.js';
export interface UserMenuProps {
    /** What stands in the menu beside the account and the sign-out. */
    items?: readonly MenuItem[];
    /** The page of the account; that of the server unless given. Null for none. */
    accountUrl?: string | null;
    onSignedOut?: () => void;
    /** The side that the menu is flush with; `end` unless given. */
    align?: 'start' | 'end';
}
/** Who is signed in, as a button with a menu; nothing where nobody is. */
export declare function UserMenu({ items, accountUrl, onSignedOut, align }: UserMenuProps): ReactNode;
