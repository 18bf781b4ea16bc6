/** What makes passkeys and signs with them, from JSON to JSON; of React Native, a library does. */
export interface PasskeyDevice {
    create(options: object): Promise<object>;
    get(options: object, how: {
        signal?: AbortSignal | undefined;
        conditional?: boolean;
    }): Promise<object>;
}
/** Bytes in base64url. */
export declare const base64url: (buffer: ArrayBuffer | Uint8Array) => string;
/** The browser's own. */
export declare const browserPasskeys: PasskeyDevice;
