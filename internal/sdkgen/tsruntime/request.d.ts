import { LoamError } from './errors.js';
/** How the client reaches its server. */
export interface HttpOptions {
    /** Where the server is: `https://api.example.com`. Left out, the page's own origin. */
    url?: string;
    /** A key of an organization, for programs on servers; never in a browser. */
    apiKey?: string;
    /** Sent with every request. */
    headers?: Record<string, string>;
    /** Milliseconds for one attempt; 30 000 unless given, 0 for no bound. */
    timeout?: number;
    /** How often a request that is safe to repeat is repeated; 3 unless given. */
    retries?: number;
    /** Another fetch, such as one that logs. */
    fetch?: (url: string, init: RequestInit) => Promise<Response>;
    credentials?: RequestCredentials;
}
/** One request. */
export interface RequestOptions {
    method?: string;
    body?: unknown;
    headers?: Record<string, string>;
    signal?: AbortSignal | undefined;
    /**
     * Makes a write safe to repeat for 24 hours. True: the client makes one where
     * somebody is signed in, since the server takes none from anybody else.
     */
    idempotencyKey?: string | true | undefined;
    /** The version that a row must still have. */
    ifVersion?: number | undefined;
    /** Whether a failure that may pass is tried again; by default where that is safe. */
    retry?: boolean | undefined;
    /** Sent as the one asking; false for requests that sign in. */
    auth?: boolean;
    /** Whose it is, as `Credentials.who` names them: as another it is not sent. */
    as?: string;
    timeout?: number;
    /** Answers with the `Response` as it comes, for what is long or no JSON; `timeout` is until it begins. */
    raw?: boolean;
}
/** An answer: its body is of JSON, or undefined. */
export interface Answer<T> {
    status: number;
    body: T;
    header(name: string): string | null;
}
/** Who asks. The auth module fills this; without it nobody is signed in. */
export interface Credentials {
    /** The access token for the next request, fresh enough to be taken; undefined where nobody is signed in, '' where it is in a cookie. */
    authorize(): Promise<string | undefined>;
    /** Names the user and the organization that the token is of; '' for nobody. */
    readonly who?: string;
    /**
     * A request with this token was answered 401. True where there is another token to
     * try with; one refresh serves all who wait.
     */
    unauthorized(token: string, err: LoamError): Promise<boolean>;
}
/** The way to the server, which every module shares. */
export interface Http {
    readonly options: Readonly<HttpOptions>;
    /** Without a slash behind it. */
    readonly url: string;
    credentials: Credentials | undefined;
    /** The body of the answer to one request. */
    request<T>(path: string, options?: RequestOptions): Promise<T>;
    /** The whole answer to one request. */
    send<T>(path: string, options?: RequestOptions): Promise<Answer<T>>;
}
/** Makes the way to a server. */
export declare function createHttp(options: HttpOptions): Http;
/** The query of a URL, of what is set. URLSearchParams is half of itself on React Native. */
export declare function queryOf(values: object): string;
/** Waits, unless the signal ends it: then it throws `client/aborted`. */
export declare function sleep(ms: number, signal?: AbortSignal): Promise<void>;
