import { useIdentity, useLoam } from './context.js';
const states = new WeakMap(); // one object as long as nothing changes
/** Who is signed in; the component is rendered anew when that changes, here or in another tab. */
export function useAuth() {
    const { client } = useLoam();
    const now = useIdentity();
    let state = states.get(now);
    if (!state || state.signOut !== client.auth.signOut) {
        const { onChange: _, ...rest } = client.auth;
        state = { ...rest, ...now };
        states.set(now, state);
    }
    return state;
}
