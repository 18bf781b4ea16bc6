import { LoamError } from './errors.js';
import { base64url } from './passkey.js';
import { queryOf } from './request.js';
const param = (url, name) => {
    const text = new RegExp('[?&]' + name + '=([^&#]*)').exec(url)?.[1];
    return text && decodeURIComponent(text);
};
// A path, with what it names escaped.
const at = (parts, ...names) => String.raw({ raw: parts }, ...names.map(encodeURIComponent));
/** Signing in, and what belongs to the caller's account. */
export function createAuth(http, session, trips, device, left) {
    const ask = async (method, path, body) => http.request('/auth' + (await path), { method, body });
    const open = (path, body = {}) => http.request('/auth' + path, { method: 'POST', body, auth: false });
    const get = (path) => ask('GET', path);
    const post = (path, body) => ask('POST', path, body);
    const patch = (path, body) => ask('PATCH', path, body);
    const remove = (path, body) => ask('DELETE', path, body);
    const list = async (path) => (await get(path)).items;
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
        const { id, publicKey } = await post(path, body);
        return { id, passkey: await device.get(publicKey, how) };
    };
    const leave = async () => {
        await left();
        await session.forget();
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
    const org = async (path, o = {}) => {
        const id = o.organization ?? session.held?.organization?.id;
        if (!id)
            throw new LoamError({ code: 'client/argument', message: 'no organization is active: name one' });
        return at `/organizations/${id}` + path + queryOf({ limit: o.limit, cursor: o.cursor });
    };
    const auth = {
        ready: session.ready,
        get user() {
            return session.held?.user ?? null;
        },
        get organization() {
            return session.held?.organization ?? null;
        },
        onChange: (listener) => session.onChange((held) => listener(held && { user: held.user, organization: held.organization })),
        ways: () => get('/settings'),
        providers: () => list('/providers'),
        signUp: async (input) => up(await open('/sign-up', input)),
        signIn: (input) => enter('/sign-in', input),
        sendSignIn: (input) => open('/sign-in/email', input),
        signInByMail: (proof) => enter('/sign-in/email/verify', proof),
        signInWithPasskey: async (how) => enter('/sign-in/passkey', await signed('/sign-in/passkey/options', undefined, how)),
        signInWithProvider: (provider, d) => depart((start) => http.url + at `/auth/sign-in/${provider}` + queryOf(start), d),
        finishRedirect: async (url = globalThis.location?.href ?? '') => {
            const [code, error] = [param(url, 'code'), param(url, 'error')];
            const verifier = await trips.read();
            if (!verifier || (!code && !error))
                return undefined;
            await trips.write(null);
            if (error)
                throw new LoamError({ code: error, message: 'the provider let nobody in: ' + error });
            const answer = await post('/exchange', { code, verifier });
            if (!('items' in answer))
                return entered(answer);
            const held = session.held;
            return held ? { status: 'session', user: held.user, organization: held.organization } : undefined;
        },
        discover: (email) => open('/sign-in/discover', { email }),
        signInAnonymously: () => enter('/anonymous'),
        convert: async (input) => up(await post('/anonymous/convert', input)),
        signOut: async () => {
            const seen = session.held?.accessToken;
            await post('/sign-out').catch((err) => {
                if (!seen && session.held)
                    throw err; // cookies stay; tokens go with us, and the session with time
            });
            await leave();
        },
        confirm: (proof) => enter('/confirm', proof),
        resendConfirmation: (input) => open('/confirm/resend', input),
        forgotPassword: (input) => open('/password/forgot', input),
        resetPassword: (input) => enter('/password/reset', input),
        changePassword: (input) => session.move('/auth/password', input),
        changeEmail: (input) => post('/email', input),
        confirmEmail: (input) => open('/email/confirm', input),
        reauthenticate: async (proof) => post('/reauthenticate', proof === 'passkey' ? await signed('/reauthenticate/options') : proof),
        refresh: async () => {
            await session.ready;
            if (session.held)
                await session.know(await get('/me'));
            return session.held;
        },
        update: async (input) => {
            const { user } = await patch('/me', input);
            if (session.held)
                await session.know({ user, organization: session.held.organization });
            return user;
        },
        deleteAccount: async (input) => {
            await remove('/me', input);
            await leave();
        },
        organizations: {
            list: () => list('/organizations'),
            create: (input) => post('/organizations', input),
            switch: async (id) => {
                await session.move(at `/auth/organizations/${id}/switch`);
                return session.held;
            },
            get: (o) => get(org('', o)),
            update: async (input, o) => {
                const changed = await patch(org('', o), input);
                await auth.refresh();
                return changed;
            },
            delete: async (confirm, o) => {
                await remove(org('', o), { confirm });
                await session.renew();
            },
            roles: (o) => list(org('/roles', o)),
            members: (p) => get(org('/members', p)),
            addMember: (input, o) => post(org('/members', o), input),
            setRole: (user, role, o) => patch(org(at `/members/${user}`, o), { role }),
            removeMember: (user, o) => remove(org(at `/members/${user}`, o)),
            leave: async (o) => {
                await remove(org('/members/' + session.held?.user.id, o));
                await session.renew();
            },
            invite: (input, o) => post(org('/invitations', o), input),
            invitations: (p) => get(org('/invitations', p)),
            resendInvitation: (id, o) => post(org(at `/invitations/${id}/resend`, o)),
            revokeInvitation: (id, o) => remove(org(at `/invitations/${id}`, o)),
            teams: (o) => list(org('/teams', o)),
            createTeam: (input, o) => post(org('/teams', o), input),
            updateTeam: (id, input, o) => patch(org(at `/teams/${id}`, o), input),
            deleteTeam: (id, o) => remove(org(at `/teams/${id}`, o)),
            teamMembers: (id, p) => get(org(at `/teams/${id}/members`, p)),
            joinTeam: (id, user, o) => ask('PUT', org(at `/teams/${id}/members/${user}`, o)),
            leaveTeam: (id, user, o) => remove(org(at `/teams/${id}/members/${user}`, o)),
        },
        invitations: {
            show: (token) => get(at `/invitations?token=${token}`),
            mine: () => list('/me/invitations'),
            accept: (which) => post('/invitations/accept', which),
            decline: (which) => post('/invitations/decline', which),
        },
        sessions: { list: () => list('/sessions'), end: (id) => remove(at `/sessions/${id}`), endOthers: () => remove('/sessions?others=true') },
        passkeys: {
            list: () => list('/passkeys'),
            add: async (name) => {
                const { id, publicKey } = await post('/passkeys/options');
                return post('/passkeys', { id, passkey: await device.create(publicKey), ...(name && { name }) });
            },
            rename: (id, name) => patch(at `/passkeys/${id}`, { name }),
            remove: (id) => remove(at `/passkeys/${id}`),
        },
        factors: {
            get: () => get('/factors'),
            beginTotp: () => post('/totp'),
            confirmTotp: (code) => post('/totp/confirm', { code: code.trim() }),
            removeTotp: () => remove('/totp'),
            renewRecoveryCodes: () => post('/recovery-codes'),
        },
        identities: {
            list: () => list('/identities'),
            link: (provider, d) => depart(async (start) => (await post(at `/identities/${provider}`, start)).url, d),
            unlink: (provider) => remove(at `/identities/${provider}`),
        },
        consents: { list: () => list('/consents'), revoke: (client) => remove(at `/consents/${client}`) },
        keys: { list: () => list('/keys'), create: (input) => post('/keys', input), revoke: (id) => remove(at `/keys/${id}`) },
    };
    return auth;
}
