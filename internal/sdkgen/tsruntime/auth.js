import { LoamError } from './errors.js';
import { base64url } from './passkey.js';
import { queryOf } from './request.js';
const param = (url, name) => {
    const text = new RegExp('[?&]' + name + '=([^&#]*)').exec(url)?.[1];
    return text && decodeURIComponent(text);
};
/** Signing in, and what belongs to the caller's account. */
export function createAuth(http, session, trips, device, left) {
    const ask = (method, path, body) => http.request('/auth' + path, { method, body });
    const open = (path, body = {}) => http.request('/auth' + path, { method: 'POST', body, auth: false });
    const list = async (path) => (await ask('GET', path)).items;
    // What a sign-in answers, taken.
    const entered = async (answer) => {
        const { challenge: c, user, organization, recoveryCodes } = answer;
        if (!c) {
            await session.take(answer);
            await auth.refresh().catch(() => undefined); // for the fields of `extend type User`
            return { status: 'session', user: session.held?.user ?? user, organization, ...(recoveryCodes && { recoveryCodes }) };
        }
        const { id } = c;
        const prove = async (proof) => entered(await open('/challenge', { id, ...proof }));
        return {
            status: 'challenge',
            challenge: {
                ...c,
                answer: (code) => prove({ code: code.trim() }),
                answerWithPasskey: async () => prove({ passkey: (await signed('/challenge/passkey', { id })).passkey }),
                enrol: () => open('/challenge/enrol', { id }),
            },
        };
    };
    const up = async (answer) => (answer.expiresIn || answer.challenge ? entered(answer) : { status: 'unconfirmed', user: answer.user });
    const enter = async (path, body) => entered(await open(path, body));
    // What a passkey signs.
    const signed = async (path, body, how = {}) => {
        const { id, publicKey } = await ask('POST', path, body);
        return { id, passkey: await device.get(publicKey, how) };
    };
    // A verifier stays with the browser that goes to a provider; who sees the code that
    // comes back can do nothing without it.
    const depart = async (to, d) => {
        const subtle = globalThis.crypto?.subtle;
        if (!subtle)
            throw new LoamError({ code: 'client/argument', message: 'signing in by a provider needs crypto.subtle: open the page by https, or on localhost' });
        const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
        const challenge = base64url(await subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
        await trips.write(verifier);
        const url = await to({ redirect: d.redirect, challenge, ...(d.prompt && { prompt: d.prompt }) });
        if (d.go)
            d.go(url);
        else
            globalThis.location?.assign(url);
        return url;
    };
    const org = (path, o = {}) => {
        const id = o.organization ?? session.held?.organization?.id;
        if (!id)
            throw new LoamError({ code: 'client/argument', message: 'no organization is active: name one' });
        return '/organizations/' + id + path + queryOf({ limit: o.limit, cursor: o.cursor });
    };
    const known = async () => void (await auth.refresh());
    const auth = {
        ready: session.ready,
        get user() {
            return session.held?.user ?? null;
        },
        get organization() {
            return session.held?.organization ?? null;
        },
        onChange: (listener) => session.onChange((held) => listener(held && { user: held.user, organization: held.organization })),
        ways: () => ask('GET', '/settings'),
        providers: () => list('/providers'),
        signUp: async (input) => up(await open('/sign-up', input)),
        signIn: (input) => enter('/sign-in', input),
        sendSignIn: (input) => open('/sign-in/email', input),
        signInByMail: (proof) => enter('/sign-in/email/verify', proof),
        signInWithPasskey: async (how) => enter('/sign-in/passkey', await signed('/sign-in/passkey/options', undefined, how)),
        signInWithProvider: (provider, d) => depart((start) => `${http.url}/auth/sign-in/${encodeURIComponent(provider)}${queryOf(start)}`, d),
        finishRedirect: async (url = globalThis.location?.href ?? '') => {
            const [code, error] = [param(url, 'code'), param(url, 'error')];
            const verifier = await trips.read();
            if (!verifier || (!code && !error))
                return undefined;
            await trips.write(null);
            if (error)
                throw new LoamError({ code: error, message: 'the provider let nobody in: ' + error });
            const answer = await ask('POST', '/exchange', { code, verifier });
            if (!('items' in answer))
                return entered(answer);
            const held = session.held;
            return held ? { status: 'session', user: held.user, organization: held.organization } : undefined;
        },
        discover: (email) => open('/sign-in/discover', { email }),
        signInAnonymously: () => enter('/anonymous'),
        convert: async (input) => up(await ask('POST', '/anonymous/convert', input)),
        signOut: async () => {
            const seen = session.held?.accessToken;
            await ask('POST', '/sign-out').catch((err) => {
                if (!seen && session.held)
                    throw err; // cookies stay; tokens go with us, and the session with time
            });
            await left();
            await session.forget();
        },
        confirm: (proof) => enter('/confirm', proof),
        resendConfirmation: (input) => open('/confirm/resend', input),
        forgotPassword: (input) => open('/password/forgot', input),
        resetPassword: (input) => enter('/password/reset', input),
        changePassword: (input) => session.move('/auth/password', input),
        changeEmail: (input) => ask('POST', '/email', input),
        confirmEmail: (input) => open('/email/confirm', input),
        reauthenticate: async (proof) => ask('POST', '/reauthenticate', proof === 'passkey' ? await signed('/reauthenticate/options') : proof),
        refresh: async () => {
            await session.ready;
            if (session.held)
                await session.know(await ask('GET', '/me'));
            return session.held;
        },
        update: async (input) => {
            const { user } = await ask('PATCH', '/me', input);
            if (session.held)
                await session.know({ user, organization: session.held.organization });
            return user;
        },
        deleteAccount: async (input) => {
            await ask('DELETE', '/me', input);
            await left();
            await session.forget();
        },
        organizations: {
            list: () => list('/organizations'),
            create: (input) => ask('POST', '/organizations', input),
            switch: async (id) => {
                await session.move(`/auth/organizations/${id}/switch`);
                return session.held;
            },
            get: (o) => ask('GET', org('', o)),
            update: async (input, o) => {
                const changed = await ask('PATCH', org('', o), input);
                await known();
                return changed;
            },
            delete: async (confirm, o) => {
                await ask('DELETE', org('', o), { confirm });
                await session.renew();
            },
            roles: (o) => list(org('/roles', o)),
            members: (p) => ask('GET', org('/members', p)),
            addMember: (input, o) => ask('POST', org('/members', o), input),
            setRole: (user, role, o) => ask('PATCH', org('/members/' + user, o), { role }),
            removeMember: (user, o) => ask('DELETE', org('/members/' + user, o)),
            leave: async (o) => {
                await ask('DELETE', org('/members/' + session.held?.user.id, o));
                await session.renew();
            },
            invite: (input, o) => ask('POST', org('/invitations', o), input),
            invitations: (p) => ask('GET', org('/invitations', p)),
            resendInvitation: (id, o) => ask('POST', org(`/invitations/${id}/resend`, o)),
            revokeInvitation: (id, o) => ask('DELETE', org('/invitations/' + id, o)),
            teams: (o) => list(org('/teams', o)),
            createTeam: (input, o) => ask('POST', org('/teams', o), input),
            updateTeam: (id, input, o) => ask('PATCH', org('/teams/' + id, o), input),
            deleteTeam: (id, o) => ask('DELETE', org('/teams/' + id, o)),
            teamMembers: (id, p) => ask('GET', org(`/teams/${id}/members`, p)),
            joinTeam: (id, user, o) => ask('PUT', org(`/teams/${id}/members/${user}`, o)),
            leaveTeam: (id, user, o) => ask('DELETE', org(`/teams/${id}/members/${user}`, o)),
        },
        invitations: {
            show: (token) => ask('GET', '/invitations?token=' + encodeURIComponent(token)),
            mine: () => list('/me/invitations'),
            accept: (which) => ask('POST', '/invitations/accept', which),
            decline: (which) => ask('POST', '/invitations/decline', which),
        },
        sessions: { list: () => list('/sessions'), end: (id) => ask('DELETE', '/sessions/' + id), endOthers: () => ask('DELETE', '/sessions?others=true') },
        passkeys: {
            list: () => list('/passkeys'),
            add: async (name) => {
                const { id, publicKey } = await ask('POST', '/passkeys/options');
                return ask('POST', '/passkeys', { id, passkey: await device.create(publicKey), ...(name && { name }) });
            },
            rename: (id, name) => ask('PATCH', '/passkeys/' + id, { name }),
            remove: (id) => ask('DELETE', '/passkeys/' + id),
        },
        factors: {
            get: () => ask('GET', '/factors'),
            beginTotp: () => ask('POST', '/totp'),
            confirmTotp: (code) => ask('POST', '/totp/confirm', { code: code.trim() }),
            removeTotp: () => ask('DELETE', '/totp'),
            renewRecoveryCodes: () => ask('POST', '/recovery-codes'),
        },
        identities: {
            list: () => list('/identities'),
            link: (provider, d) => depart(async (start) => (await ask('POST', '/identities/' + encodeURIComponent(provider), start)).url, d),
            unlink: (provider) => ask('DELETE', '/identities/' + encodeURIComponent(provider)),
        },
        consents: { list: () => list('/consents'), revoke: (client) => ask('DELETE', '/consents/' + encodeURIComponent(client)) },
        keys: { list: () => list('/keys'), create: (input) => ask('POST', '/keys', input), revoke: (id) => ask('DELETE', '/keys/' + id) },
    };
    return auth;
}
