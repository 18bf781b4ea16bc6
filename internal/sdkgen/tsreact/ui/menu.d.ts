import { type ReactNode } from 'react';
export interface MenuItem {
    label: string;
    onSelect?: () => unknown;
    href?: string;
    /** Of one that is chosen among several. */
    checked?: boolean;
    icon?: ReactNode;
}
export interface MenuProps {
    /** What the button says, after what it is for, which is not shown. */
    button: ReactNode;
    label: string;
    header?: ReactNode;
    /** The side that it is flush with. */
    align?: 'start' | 'end';
    groups: readonly (readonly MenuItem[])[];
}
/** A button that opens a menu, by mouse or keyboard. */
export declare function Menu({ button, label, header, align, groups }: MenuProps): ReactNode;
