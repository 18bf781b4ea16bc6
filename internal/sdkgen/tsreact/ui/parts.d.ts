import { type ReactNode } from 'react';
export type Heading = 'h1' | 'h2' | 'h3';
export interface PanelProps {
    title: string;
    heading: Heading;
    /** Takes the focus as it appears: it is in place of what had it. */
    focus?: boolean;
    children?: ReactNode;
}
/** A card of one thing to do. */
export declare function Panel({ title, heading: H, focus, children }: PanelProps): ReactNode;
/** Something over the page until it is closed. */
export declare function Dialog({ title, onClose, children }: {
    title: string;
    onClose: () => void;
    children?: ReactNode;
}): ReactNode;
/** The first letter of a name, in its colour. */
export declare function Tile({ name, color, logo }: {
    name: string;
    color?: string;
    logo?: string;
}): ReactNode;
