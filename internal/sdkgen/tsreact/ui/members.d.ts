import { type ReactNode } from 'react';
export interface MembersProps {
    /** What the title is; `h2` unless given. What is below is a level lower. */
    heading?: 'h1' | 'h2';
}
/** Who works in the active organization: invites, changes roles and removes, as far as the caller may. */
export declare function Members({ heading: H }: MembersProps): ReactNode;
