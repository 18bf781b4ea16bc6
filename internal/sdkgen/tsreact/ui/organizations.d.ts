import { type ReactNode } from 'react';
export interface OrganizationSwitcherProps {
    /** Goes on once another organization is the active one. */
    onSwitched?: (id: string) => void;
}
/** The active organization, as a button with a menu of all: to switch, to join, to create one. */
export declare function OrganizationSwitcher({ onSwitched }: OrganizationSwitcherProps): ReactNode;
