import { LoamError } from './errors.js';
/** The collection of a model. */
export function createCollection(http, meta, queue) {
    const read = (path, query, options) => http.request(path + (query && '?' + query), options);
    const list = async (args = {}, options) => read(meta.path, listQuery(args), options);
    const totals = async (args, options) => {
        const { where, ...names } = args;
        const query = [...filter('filter', where), ...Object.entries(names).flatMap(([name, fields]) => words(name, fields))];
        return (await read(meta.path + ':aggregate', query.join('&'), options)).items;
    };
    const methods = {
        list,
        async *pages(args = {}, options) {
            for (let cursor = args.cursor;;) {
                const page = await list(cursor ? { ...args, cursor } : args, options);
                yield page.items;
                if ((cursor = page.nextCursor) === null)
                    return;
            }
        },
        count: async (args = {}, options) => (await totals(args, options))[0]?.count ?? 0,
        aggregate: async (args = {}, options) => totals(args, options),
        get: async (key, args = {}, options) => read(rowPath(meta, key), listQuery(args), options),
        create: (input, o = {}) => o.queue ? queue.create(meta, input) : http.request(meta.path, change('POST', o, input)),
        update: async (key, input, o = {}) => o.queue ? queue.update(meta, key, input, o.ifVersion) : http.request(rowPath(meta, key), change('PATCH', o, input)),
        upsert: (input, o) => http.request(meta.path, change('PUT', o, input)),
        delete: async (key, o = {}) => o.queue ? queue.remove(meta, key, o.ifVersion) : http.request(rowPath(meta, key), change('DELETE', o)),
    };
    return methods;
}
function change(method, o = {}, body) {
    return { ...o, method, body, idempotencyKey: o.idempotencyKey ?? true };
}
/** The path of a row: the values of its key in order, joined by commas. */
export function rowPath(meta, key) {
    const values = typeof key === 'object' && key !== null ? meta.key.map((name) => key[name]) : [key];
    if (values.length !== meta.key.length || values.some((v) => v === undefined || v === null || v === '')) {
        throw new LoamError({ code: 'client/argument', message: `the key of ${meta.path} is ${meta.key.join(', ')}`, field: meta.key[0] });
    }
    return meta.path + '/' + values.map((v) => encodeURIComponent(String(v))).join(',');
}
/** The query of a list's URL: the same text for the same arguments. */
export function listQuery(args) {
    const { where, include, fields, sort, limit, cursor, search, count } = args;
    const query = [...filter('filter', where), ...words('fields', fields), ...words('sort', sort)];
    const paths = [];
    if (include)
        query.push(...included(include, '', paths));
    query.push(...words('include', paths));
    if (limit !== undefined)
        query.push('limit=' + limit);
    if (search !== undefined)
        query.push('search=' + encodeURIComponent(search));
    if (count)
        query.push('count=true');
    if (cursor)
        query.push('cursor=' + encodeURIComponent(cursor));
    return query.join('&');
}
function* included(include, before, paths) {
    for (const [name, args] of Object.entries(include)) {
        if (!args)
            continue;
        const path = before + name;
        paths.push(path);
        if (args === true)
            continue;
        yield* filter(`include.${path}.filter`, args.where);
        yield* words(`include.${path}.fields`, args.fields);
        yield* words(`include.${path}.sort`, args.sort);
        if (args.limit !== undefined)
            yield `include.${path}.limit=${args.limit}`;
        if (args.include)
            yield* included(args.include, path + '.', paths);
    }
}
function words(name, list) {
    return list?.length ? [`${name}=${[list].flat().join(',')}`] : []; // names: nothing to escape
}
function filter(name, where) {
    return where ? [`${name}=${encodeURIComponent(JSON.stringify(where, refuseUndefined))}`] : [];
}
// A condition on undefined would silently be none at all.
function refuseUndefined(name, value) {
    if (value !== undefined)
        return value;
    throw new LoamError({ code: 'client/argument', message: `${name} is undefined in where: leave the key out, or ask for null`, field: name });
}
