import type { SocketClass } from './link.js';
import type { Http } from './request.js';
/** What stands in for a WebSocket to /live: it says and hears the same. */
export declare function streamSocket(http: Http): SocketClass;
