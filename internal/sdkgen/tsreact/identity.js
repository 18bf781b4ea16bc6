/** Nobody yet: what a server renders, and the first render that takes it over. */
export const unknown = { ready: false, user: null, organization: null };
/** Names who asks and where they work. What is cached is so under it, so that nobody sees another's. */
export const nameOf = (who) => (who.user?.id ?? '') + '/' + (who.organization?.id ?? '');
/** Who is signed in, as useSyncExternalStore takes it. */
export function identityOf(auth) {
    let ready = false;
    let now = unknown;
    const listeners = new Set();
    const known = auth.ready.then(() => {
        ready = true;
        listeners.forEach((l) => l());
    });
    return {
        known,
        get: () => {
            const { user, organization } = auth;
            if (ready !== now.ready || user !== now.user || organization !== now.organization)
                now = { ready, user, organization };
            return now;
        },
        subscribe: (listener) => {
            listeners.add(listener);
            const stop = auth.onChange(listener);
            return () => {
                listeners.delete(listener);
                stop();
            };
        },
    };
}
