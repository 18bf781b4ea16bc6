import { type Http } from './request.js';
import type { Page } from './types.js';
/** A domain that an organization claims. */
export interface Domain<R extends string = string> {
    domain: string;
    /** The name of the TXT record to set, and what it has to say. */
    record: string;
    value: string;
    verifiedAt: string | null;
    /** Who has a confirmed address of the domain becomes a member, with this role. */
    autoJoin: boolean;
    role: R;
    createdAt: string;
}
interface ConnectionSettings<R extends string> {
    name: string;
    /** Of the organization's verified ones; none: all of them. */
    domains: string[];
    /** The SAML attribute or claim that lists a user's groups. */
    groupsAttribute: string;
    /** A role for each group; `defaultRole` is of who is in none of them. */
    roles: Record<string, R>;
    defaultRole: R;
    /** Who is no member becomes one at the first sign-in. */
    provision: boolean;
    /** Members sign in here and in no other way; owners excepted. */
    enforced: boolean;
    enabled: boolean;
}
export interface SAML {
    /** The provider's XML. */
    metadata: string;
    emailAttribute?: string;
    nameAttribute?: string;
    idpInitiated?: boolean;
    startUrl?: string;
}
export interface OIDC {
    issuer: string;
    clientId: string;
    scopes?: string[];
}
/** An organization's own identity provider. */
export interface Connection<R extends string = string> extends ConnectionSettings<R> {
    id: string;
    /** The name of the way in, for `signInWithProvider`. */
    provider: string;
    kind: 'saml' | 'oidc';
    saml?: SAML;
    /** Without its secret, which is never answered. */
    oidc?: OIDC;
    createdAt: string;
    updatedAt: string;
}
type SecretOIDC = OIDC & {
    clientSecret?: string;
};
/** What makes a connection. */
export type NewConnection<R extends string = string> = Partial<ConnectionSettings<R>> & ({
    kind: 'saml';
    saml: SAML;
} | {
    kind: 'oidc';
    oidc: SecretOIDC;
});
/** Something that happened in an organization. */
export interface AuditRecord {
    /** The record's hash. */
    id: string;
    at: string;
    /** Such as `org.member_added`. */
    action: string;
    outcome: 'success' | 'failure' | 'denied';
    /** `user:<id>`, `key:<id>`, `anonymous` or `system`. */
    actor: string;
    impersonator?: string;
    organization?: string;
    target?: string;
    address?: string;
    agent?: string;
    requestId?: string;
    details: Record<string, unknown>;
}
/** Which records; times as `2026-01-02T15:04:05Z`. */
export interface AuditFilter {
    action?: string;
    actor?: string;
    /** At or after. */
    since?: string;
    /** Before. */
    until?: string;
}
/** What the owners and admins of an organization do. */
export interface OrganizationAdmin<R extends string = string> {
    readonly domains: {
        list(): Promise<Domain<R>[]>;
        /** Answers with the DNS record to set. */
        claim(domain: string): Promise<Domain<R>>;
        /** Looks for that record. */
        verify(domain: string): Promise<Domain<R>>;
        update(domain: string, input: {
            autoJoin?: boolean;
            role?: R;
        }): Promise<Domain<R>>;
        release(domain: string): Promise<void>;
    };
    readonly connections: {
        list(): Promise<Connection<R>[]>;
        create(input: NewConnection<R>): Promise<Connection<R>>;
        /** Changes what is given. */
        update(id: string, input: Partial<ConnectionSettings<R>> & {
            saml?: SAML;
            oidc?: SecretOIDC;
        }): Promise<Connection<R>>;
        /** Its members stay. */
        remove(id: string): Promise<void>;
    };
    readonly audit: {
        /** The newest first. */
        list(which?: AuditFilter & {
            limit?: number;
            cursor?: string | null;
        }): Promise<Page<AuditRecord>>;
        /** All of it, as JSON Lines, the oldest first: `.blob()` to save it, `.body` as it comes. */
        export(which?: AuditFilter, options?: {
            signal?: AbortSignal;
        }): Promise<Response>;
    };
    /** All that is in the organization, as JSON Lines: `.blob()` to save it, `.body` as it comes. */
    export(options?: {
        signal?: AbortSignal;
    }): Promise<Response>;
}
/** The part of a client that is asked. */
export interface AdminClient<R extends string> {
    readonly http: Http;
    readonly auth: {
        readonly organization: {
            id: string;
            role: R;
        } | null;
    };
}
/** What the owners and admins of an organization do; of the active one, unless `organization` names another. */
export declare function organizationAdmin<R extends string>(app: AdminClient<R>, options?: {
    organization?: string;
}): OrganizationAdmin<R>;
export {};
