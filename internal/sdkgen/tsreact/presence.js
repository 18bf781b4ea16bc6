import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useIdentity, useLoam } from './context.js';
import { nameOf } from './identity.js';
const nobody = [];
/** Who is in a channel, as long as the component is there; nowhere while its name is undefined. */
export function usePresence(channel, options = {}) {
    const { client } = useLoam();
    const who = nameOf(useIdentity());
    const [here, setHere] = useState(nobody);
    const [error, setError] = useState();
    const joined = useRef(undefined);
    const latest = useRef(options);
    useEffect(() => {
        latest.current = options;
    });
    useEffect(() => {
        if (channel === undefined)
            return;
        const { state } = latest.current;
        const room = client.channels.join(channel, {
            ...(state !== undefined && { state }),
            onPresence: setHere,
            onMessage: (m) => latest.current.onMessage?.(m),
            onError: setError,
        });
        joined.current = room;
        return () => {
            room.leave();
            joined.current = undefined;
            setHere(nobody);
            setError(undefined);
        };
    }, [client, channel, who]);
    const shown = JSON.stringify(options.state);
    const first = useRef(shown);
    useEffect(() => {
        if (shown === first.current || shown === undefined)
            return;
        first.current = shown;
        joined.current?.show(JSON.parse(shown)).catch(() => undefined); // shown once it is connected
    }, [shown]);
    const [send] = useState(() => (event, data) => joined.current?.send(event, data) ?? Promise.reject(new Error('nothing was said: the channel is not joined yet')));
    return { here, send, error };
}
/** How the connection of live lists is doing. */
export function useConnection() {
    const { client } = useLoam();
    return useSyncExternalStore(client.connection.onState, () => client.connection.state, () => 'idle');
}
/** How many writes are on their way. */
export function useQueueSize() {
    const { client } = useLoam();
    return useSyncExternalStore(client.queue.onChange, () => client.queue.size, () => 0);
}
