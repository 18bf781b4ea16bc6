import { LoamError } from './errors.js';
import { createLink, failure } from './link.js';
const patience = 15_000;
export function createChannels(http, session, socket) {
    const rooms = new Map();
    const asked = new Map();
    let next = 1;
    // Asks for something, and waits for the answer.
    const ask = async (message) => {
        const id = next++;
        if (!link.say({ ...message, id }))
            throw lost();
        let timer;
        try {
            return await new Promise((resolve, reject) => {
                asked.set(id, { resolve, reject });
                timer = setTimeout(() => reject(lost()), patience);
            });
        }
        finally {
            clearTimeout(timer);
            asked.delete(id);
        }
    };
    const lost = () => new LoamError({ code: 'client/network', message: 'the channel is not connected', retryable: true });
    const out = (room, err) => {
        if (rooms.get(room.name) !== room)
            return;
        room.inside = false;
        if (err.code === 'client/network')
            return; // the connection comes back, and joins
        if (err.retryable || err.code === 'realtime/restart') {
            setTimeout(() => rooms.get(room.name) === room && link.state === 'live' && enter(room), 500 + Math.random() * 1_000);
            return;
        }
        room.here = [];
        room.waiting.splice(0).forEach((w) => w.reject(err));
        room.members.forEach((m) => m.onError?.(err));
    };
    const enter = (room) => {
        ask({ type: 'join', channel: room.name, ...(room.state && { state: room.state.is }), ...(room.last && { since: room.last }) }).then(() => {
            room.inside = true;
            room.waiting.splice(0).forEach((w) => w.resolve());
        }, (err) => out(room, err));
    };
    const presence = (room, m) => {
        const { user, key, ref, state } = m;
        if (m.type === 'presence')
            room.here = m['here'] ?? [];
        else {
            const old = room.here.find((p) => p.user === user && p.key === key) ?? { ...(user && { user }), ...(key && { key }), connections: [] };
            const now = { ...old, connections: old.connections.filter((c) => c.ref !== ref) };
            if (m.type !== 'leave')
                now.connections.push({ ref, state });
            const here = room.here.includes(old) ? room.here.map((p) => (p === old ? now : p)) : [...room.here, now];
            room.here = here.filter((p) => p.connections.length);
        }
        room.members.forEach((j) => j.onPresence?.(room.here));
    };
    const link = createLink(http, session, '/channels', 'loam-channels', {
        opened: () => rooms.forEach(enter),
        heard: (m) => {
            if (m.type === 'ok' || m.type === 'error') {
                const promise = asked.get(m.id);
                if (m.type === 'ok')
                    promise?.resolve(m);
                else
                    promise?.reject(failure(m));
                return;
            }
            const room = rooms.get(String(m['channel']));
            if (!room)
                return;
            if (m.type === 'ended')
                return out(room, failure(m));
            if (m.type !== 'message')
                return presence(room, m);
            const message = m;
            room.last = message.id;
            room.members.forEach((j) => j.onMessage?.(message));
        },
        changed: (state) => {
            if (state !== 'live') {
                rooms.forEach((room) => (room.inside = false));
                asked.forEach((a) => a.reject(lost()));
            }
        },
    }, socket);
    return {
        get state() {
            return link.state;
        },
        onState: link.onState,
        join: (name, options = {}) => {
            let room = rooms.get(name);
            const fresh = !room;
            room ??= { name, here: [], last: undefined, state: undefined, members: new Set(), inside: false, waiting: [] };
            rooms.set(name, room);
            const r = room;
            const member = options;
            r.members.add(member);
            const show = async (state) => {
                r.state = { is: state }; // what it is joined with, now or later
                if (r.inside)
                    await ask({ type: 'state', channel: name, state });
            };
            if ('state' in options)
                void show(options.state).catch(() => undefined);
            if (fresh) {
                link.need(true);
                if (link.state === 'live')
                    enter(r);
            }
            else
                queueMicrotask(() => options.onPresence?.(r.here));
            return {
                get here() {
                    return r.here;
                },
                send: async (event, data = null) => {
                    if (!r.inside)
                        await new Promise((resolve, reject) => r.waiting.push({ resolve, reject }));
                    return String((await ask({ type: 'send', channel: name, event, data }))['message']);
                },
                show,
                leave: () => {
                    if (!r.members.delete(member) || r.members.size || rooms.get(name) !== r)
                        return;
                    rooms.delete(name);
                    r.waiting.forEach((w) => w.reject(lost()));
                    if (link.state === 'live')
                        void ask({ type: 'leave', channel: name }).catch(() => undefined);
                    if (!rooms.size)
                        link.need(false);
                },
            };
        },
        close: () => {
            rooms.clear();
            link.close();
        },
    };
}
