// What those do who run an organization: a part of its own, since most pages need none of it.
import { LoamError } from './errors.js';
import { queryOf } from './request.js';
/** What the owners and admins of an organization do; of the active one, unless `organization` names another. */
export function organizationAdmin(app, options = {}) {
    const at = (path) => {
        const id = options.organization ?? app.auth.organization?.id;
        if (!id)
            throw new LoamError({ code: 'client/argument', message: 'no organization is active: name one' });
        return '/auth/organizations/' + id + path;
    };
    const ask = async (method, path, body) => app.http.request(at(path), { method, body });
    const list = async (path) => (await ask('GET', path)).items;
    const one = (path, name) => path + encodeURIComponent(name);
    const whole = async (method, path, o) => app.http.request(at(path), { ...o, method, raw: true });
    return {
        domains: {
            list: () => list('/domains'),
            claim: (domain) => ask('POST', '/domains', { domain }),
            verify: (domain) => ask('POST', one('/domains/', domain) + '/verify'),
            update: (domain, input) => ask('PATCH', one('/domains/', domain), input),
            release: (domain) => ask('DELETE', one('/domains/', domain)),
        },
        connections: {
            list: () => list('/connections'),
            create: (input) => ask('POST', '/connections', input),
            update: (id, input) => ask('PATCH', one('/connections/', id), input),
            remove: (id) => ask('DELETE', one('/connections/', id)),
        },
        audit: {
            list: (which = {}) => ask('GET', '/audit' + queryOf(which)),
            export: (which = {}, o) => whole('GET', '/audit/export' + queryOf(which), o),
        },
        export: (o) => whole('POST', '/export', o),
    };
}
