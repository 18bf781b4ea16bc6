import { type ReactNode } from 'react';
import type { useNext } from './entry.js';
import type { Settings } from './settings.js';
declare const purposes: readonly ["confirm", "reset", "sign_in", "change_from", "change_to"];
export interface MailedLink {
    token: string;
    purpose: (typeof purposes)[number];
}
/** The mailed link that led to this page. It leaves the address at once: no history has it. */
export declare function useMailedLink(): [link: MailedLink | undefined, used: () => void];
interface FollowedProps extends Pick<ReturnType<typeof useNext>, 'entered' | 'heading'> {
    link: MailedLink;
    settings: Settings;
    back: () => void;
}
export declare function Followed({ link: { token, purpose }, settings, entered, heading, back }: FollowedProps): ReactNode;
export {};
