import type { Page, Schema } from './types.js';
/** A user, with the fields of `extend type User`. */
export type User<S extends Schema = Schema> = S['user'] & {
    id: string;
    /** None of an anonymous user. */
    email?: string;
    emailVerified: boolean;
    name: string;
    locale?: string;
    createdAt: string;
};
/** The active organization. */
export interface Membership<S extends Schema = Schema> {
    id: string;
    name: string;
    role: S['role'];
}
/** A second factor that is due before there is a session. */
export interface Challenge<S extends Schema = Schema> {
    id: string;
    /** What answers it; `enrol` where one has to be set up first. */
    kinds: ('totp' | 'passkey' | 'recovery' | 'enrol')[];
    /** By a code of the authenticator app, or a recovery code. */
    answer(code: string): Promise<SignedIn<S>>;
    answerWithPasskey(): Promise<SignedIn<S>>;
    /** The secret of an authenticator app to be; its first code is the answer. */
    enrol(): Promise<Totp>;
}
/** What every way of signing in answers. */
export type SignedIn<S extends Schema = Schema> = {
    status: 'session';
    user: User<S>;
    organization: Membership<S> | null;
    /** Shown this once, where a second factor was set up. */
    recoveryCodes?: string[];
} | {
    status: 'challenge';
    challenge: Challenge<S>;
};
/** What a sign-up answers: a mail may have to be followed first. */
export type SignedUp<S extends Schema = Schema> = SignedIn<S> | {
    status: 'unconfirmed';
    user: User<S>;
};
/** Who asks, and where they work. */
export interface Identity<S extends Schema = Schema> {
    user: User<S>;
    organization: Membership<S> | null;
}
/** The secret of an authenticator app, to scan or to type in. */
export interface Totp {
    secret: string;
    uri: string;
    /** A picture, as a `data:` URL. */
    qr: string;
}
/** What was mailed: the token of a link, or a code with the address that it went to. */
export type Proof = {
    token: string;
} | {
    email: string;
    code: string;
};
/** Where the link in a mail leads: one of `auth.redirects`. */
export interface Mailed {
    email: string;
    redirect?: string;
    locale?: string;
}
export type SignUp<S extends Schema = Schema> = S['signUp'] & {
    email: string;
    password?: string;
    name?: string;
    locale?: string;
    redirect?: string;
    /** The token of an invitation. */
    invitation?: string;
};
/** How one signs in here, for a page that offers it. */
export interface Ways {
    name: string;
    signUp: 'open' | 'invited' | 'closed';
    password: {
        enabled: boolean;
        minLength: number;
    };
    email: {
        confirm: 'none' | 'code' | 'link';
        code: boolean;
        link: boolean;
    };
    anonymous: boolean;
    passkeys: boolean;
    totp: boolean;
    secondFactor: 'optional' | 'required' | 'admins';
    cookies: boolean;
    organizations: {
        enabled: boolean;
        create: 'anyone' | 'admins';
        domains: boolean;
    };
    fields: {
        name: string;
        type: string;
        values?: string[];
        list: boolean;
        required: boolean;
    }[];
    returnTo: string;
}
export interface Provider {
    name: string;
    label: string;
    kind: string;
}
export interface Session {
    id: string;
    current: boolean;
    method: string;
    client?: string;
    address: string;
    agent: string;
    createdAt: string;
    lastUsedAt: string;
}
export interface Passkey {
    id: string;
    name: string;
    transports: string[];
    backedUp: boolean;
    createdAt: string;
    lastUsedAt: string | null;
}
export interface Factors {
    totp: boolean;
    passkeys: number;
    recoveryCodes: number;
}
export interface LinkedIdentity {
    provider: string;
    email?: string;
    createdAt: string;
    lastUsedAt: string;
}
export interface Consent {
    client: string;
    /** The application's; its id where it has none. */
    name: string;
    scopes: string[];
    createdAt: string;
    updatedAt: string;
}
export interface ApiKey {
    id: string;
    name: string;
    readOnly: boolean;
    createdBy: string;
    createdAt: string;
    lastUsedAt: string | null;
}
export interface Organization<S extends Schema = Schema> {
    id: string;
    name: string;
    slug: string;
    logo: string;
    color: string;
    role: S['role'];
    suspended: boolean;
    createdAt: string;
}
export interface Member<S extends Schema = Schema> {
    userId: string;
    name: string;
    email: string;
    role: S['role'];
    createdAt: string;
}
export interface Role {
    /** As members have it: `billing`. */
    role: string;
    /** For people; '' where loam.yaml gives none. */
    name: string;
    permissions: string[];
}
export interface Invitation<S extends Schema = Schema> {
    id: string;
    email: string;
    role: S['role'];
    invitedBy: string;
    createdAt: string;
    expiresAt: string;
    expired: boolean;
}
/** An invitation, as the one who is invited sees it. */
export interface Offer<S extends Schema = Schema> {
    id: string;
    organization: {
        name: string;
        logo: string;
        color: string;
    };
    inviter: string;
    email: string;
    role: S['role'];
    expiresAt: string;
}
export interface Team {
    id: string;
    slug: string;
    name: string;
    members: number;
    createdAt: string;
}
/** Which organization, where it is not the active one; and which part of a long list. */
export interface In {
    organization?: string;
}
export interface Part extends In {
    limit?: number;
    cursor?: string | null;
}
/** The caller's organizations, and who is in them. What is not said otherwise is of the active one. */
export interface Organizations<S extends Schema = Schema> {
    list(): Promise<Organization<S>[]>;
    create(input: {
        name: string;
        slug?: string;
    }): Promise<Organization<S>>;
    /** Makes another one active: what is live goes on there. */
    switch(id: string): Promise<Identity<S>>;
    get(options?: In): Promise<Organization<S>>;
    update(input: {
        name?: string;
        slug?: string;
        logo?: string;
        color?: string;
        [own: string]: unknown;
    }, options?: In): Promise<Organization<S>>;
    /** For good, with all that is in it; `confirm` is its slug. */
    delete(confirm: string, options?: In): Promise<void>;
    roles(options?: In): Promise<Role[]>;
    members(part?: Part): Promise<Page<Member<S>>>;
    addMember(input: {
        userId: string;
        role?: S['role'];
    } | {
        email: string;
        role?: S['role'];
    }, options?: In): Promise<Member<S>>;
    setRole(userId: string, role: S['role'], options?: In): Promise<Member<S>>;
    removeMember(userId: string, options?: In): Promise<void>;
    leave(options?: In): Promise<void>;
    invite(input: {
        email: string;
        role?: S['role'];
    }, options?: In): Promise<Invitation<S>>;
    invitations(part?: Part): Promise<Page<Invitation<S>>>;
    resendInvitation(id: string, options?: In): Promise<Invitation<S>>;
    revokeInvitation(id: string, options?: In): Promise<void>;
    teams(options?: In): Promise<Team[]>;
    createTeam(input: {
        name: string;
        slug?: string;
    }, options?: In): Promise<Team>;
    updateTeam(id: string, input: {
        name?: string;
        slug?: string;
    }, options?: In): Promise<Team>;
    deleteTeam(id: string, options?: In): Promise<void>;
    teamMembers(id: string, part?: Part): Promise<Page<Member<S>>>;
    joinTeam(id: string, userId: string, options?: In): Promise<void>;
    leaveTeam(id: string, userId: string, options?: In): Promise<void>;
}
/** Signing in, and what belongs to the caller's account. */
export interface Auth<S extends Schema = Schema> {
    /** Once it is known whether somebody is signed in. */
    readonly ready: Promise<void>;
    /** Who is signed in; null for nobody, and until `ready`. */
    readonly user: User<S> | null;
    readonly organization: Membership<S> | null;
    /** Hears who is signed in now, and where they work: in this tab or, by a shared storage, in another. */
    onChange(listener: (who: Identity<S> | null) => void): () => void;
    ways(): Promise<Ways>;
    providers(): Promise<Provider[]>;
    signUp(input: SignUp<S>): Promise<SignedUp<S>>;
    signIn(input: {
        email: string;
        password: string;
    }): Promise<SignedIn<S>>;
    /** Mails a code or a link to sign in with. */
    sendSignIn(input: Mailed): Promise<void>;
    signInByMail(proof: Proof): Promise<SignedIn<S>>;
    /** `conditional` waits for one that is picked from the suggestions of a field. */
    signInWithPasskey(options?: {
        signal?: AbortSignal;
        conditional?: boolean;
    }): Promise<SignedIn<S>>;
    /** Goes to a provider; the browser comes back to `redirect`, where `finishRedirect` signs in. Answers with where it goes. */
    signInWithProvider(provider: string, options: Departure): Promise<string>;
    /** Signs in by what the address says after a provider; undefined where it says nothing. */
    finishRedirect(url?: string): Promise<SignedIn<S> | undefined>;
    /** Whether an address signs in by password, or at its company's own provider. */
    discover(email: string): Promise<{
        kind: 'password' | 'sso';
        provider?: string;
    }>;
    signInAnonymously(): Promise<SignedIn<S>>;
    /** Makes an anonymous user a real one, who keeps their rows. */
    convert(input: SignUp<S>): Promise<SignedUp<S>>;
    signOut(): Promise<void>;
    confirm(proof: Proof): Promise<SignedIn<S>>;
    resendConfirmation(input: Mailed): Promise<void>;
    forgotPassword(input: Mailed): Promise<void>;
    resetPassword(input: Proof & {
        password: string;
    }): Promise<SignedIn<S>>;
    /** Ends all other sessions. */
    changePassword(input: {
        current?: string;
        new: string;
    }): Promise<void>;
    changeEmail(input: {
        email: string;
        password?: string;
        redirect?: string;
    }): Promise<void>;
    confirmEmail(input: {
        token: string;
    }): Promise<{
        changed: boolean;
        email: string;
        waiting?: string;
    }>;
    /** Shows once more who the caller is, for what answers `auth/reauthenticate`. */
    reauthenticate(proof: {
        password: string;
    } | {
        code: string;
    } | 'passkey'): Promise<void>;
    /** Reads anew who the caller is. */
    refresh(): Promise<Identity<S> | null>;
    update(input: S['profile'] & {
        name?: string;
    }): Promise<User<S>>;
    deleteAccount(input?: {
        password: string;
    }): Promise<void>;
    readonly organizations: Organizations<S>;
    readonly invitations: {
        /** What the invitation of a token is. */
        show(token: string): Promise<Offer<S>>;
        mine(): Promise<Offer<S>[]>;
        accept(which: {
            token: string;
        } | {
            id: string;
        }): Promise<Organization<S>>;
        decline(which: {
            token: string;
        } | {
            id: string;
        }): Promise<void>;
    };
    readonly sessions: {
        list(): Promise<Session[]>;
        end(id: string): Promise<void>;
        endOthers(): Promise<void>;
    };
    readonly passkeys: {
        list(): Promise<Passkey[]>;
        add(name?: string): Promise<Passkey>;
        rename(id: string, name: string): Promise<Passkey>;
        remove(id: string): Promise<void>;
    };
    readonly factors: {
        get(): Promise<Factors>;
        beginTotp(): Promise<Totp>;
        confirmTotp(code: string): Promise<{
            recoveryCodes: string[];
        }>;
        removeTotp(): Promise<void>;
        renewRecoveryCodes(): Promise<{
            recoveryCodes: string[];
        }>;
    };
    readonly identities: {
        list(): Promise<LinkedIdentity[]>;
        /** Goes to a provider to add it to the account; `finishRedirect` ends it. */
        link(provider: string, options: Departure): Promise<string>;
        unlink(provider: string): Promise<void>;
    };
    /** Applications that sign in with this server, and what the user lets them do. */
    readonly consents: {
        list(): Promise<Consent[]>;
        /** Takes it back; the application's sessions end. */
        revoke(client: string): Promise<void>;
    };
    readonly keys: {
        list(): Promise<ApiKey[]>;
        /** The key is shown this once. */
        create(input: {
            name: string;
            readOnly?: boolean;
        }): Promise<ApiKey & {
            key: string;
        }>;
        revoke(id: string): Promise<void>;
    };
}
/** A way to a provider. */
export interface Departure {
    /** Where the browser comes back to: one of `auth.redirects`. */
    redirect: string;
    /** Has the provider ask anew who it is. */
    prompt?: 'login';
    /** Goes there; unless given, as the browser does. */
    go?: (url: string) => void;
}
