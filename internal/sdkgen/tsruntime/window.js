// What is known of a live list, and how an event changes it.
export const nothing = { ids: [], rows: [], nextCursor: null, total: undefined };
/** Names a row as the server does: the value of its key, or all of them joined by commas. */
export function idOf(key, row) {
    return key.length === 1 ? String(row[key[0]]) : key.map((name) => encodeURIComponent(String(row[name]))).join(',');
}
/** The list after an event. */
export function applied(w, type, data, key) {
    if (type === 'rows') {
        const rows = data.items ?? [];
        return { ids: rows.map((r) => idOf(key, r)), rows, nextCursor: data.nextCursor ?? null, total: data.total };
    }
    const { id, row, index = 0 } = data;
    if (id === undefined)
        return w; // a gap: the rows follow
    const ids = [...w.ids];
    const rows = [...w.rows];
    const at = ids.indexOf(id);
    if (at >= 0) {
        ids.splice(at, 1);
        rows.splice(at, 1);
    }
    if (row && (type === 'insert' || type === 'update')) {
        ids.splice(index, 0, id);
        rows.splice(index, 0, row);
    }
    return { ...w, ids, rows };
}
/**
 * A new row with what its list includes: nothing where there can be many, and of one that it
 * refers to, what another row of the list has of it. Undefined where that is not known and
 * must be.
 */
export function whole(row, included, rows) {
    const out = { ...row };
    for (const [name, [kind, ...from]] of Object.entries(included)) {
        const like = from.length ? rows.find((r) => from.every((f) => row[f] != null && r[f] === row[f])) : undefined;
        if (kind === 'one' && !like)
            return undefined;
        out[name] = kind === 'many' || kind === 'masked' ? [] : (like?.[name] ?? null);
    }
    return out;
}
/** The list as it will be once all that is on its way has been done. */
export function ahead(w, pending, place, complete = (row, _rows) => row) {
    let { rows, ids } = w;
    for (const p of pending) {
        const at = ids.indexOf(p.id);
        const known = p.done === true ? undefined : p.done;
        const old = rows[at];
        if (p.kind === 'create') {
            if (old || !place || p.done === true)
                continue;
            const row = complete(p.row, rows);
            const index = row && place(row, rows);
            if (!row || index === undefined)
                continue;
            const to = index === 'first' ? 0 : index === 'last' ? rows.length : index;
            rows = [...rows.slice(0, to), row, ...rows.slice(to)];
            ids = [...ids.slice(0, to), p.id, ...ids.slice(to)];
        }
        else if (!old)
            continue;
        else if (p.kind === 'delete') {
            rows = rows.filter((_, i) => i !== at);
            ids = ids.filter((_, i) => i !== at);
        }
        else if (!known || !(Number(old['version']) >= Number(known['version']))) {
            const change = known ?? p.input;
            const next = { ...old };
            for (const name in change)
                if (name in old)
                    next[name] = change[name];
            rows = rows.map((r, i) => (i === at ? next : r));
        }
    }
    return rows;
}
