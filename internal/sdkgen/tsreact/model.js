import { useAuth } from './auth.js';
import { LoamProvider, useLoam } from './context.js';
import { usePages } from './pages.js';
import * as read from './read.js';
import * as write from './write.js';
/** Hooks with the types of a schema. The generated react.ts calls it. */
export function createHooks() {
    const model = (path, key) => ({
        useList: (args = {}, o = {}) => read.useList(path, args, o),
        useSuspenseList: (args = {}, o = {}) => read.useSuspenseList(path, args, o),
        useInfinite: (args = {}, o = {}) => usePages(path, args, o),
        useOne: (id, args = {}, o = {}) => read.useOne(path, key, id, args, o),
        useSuspenseOne: (id, args = {}, o = {}) => read.useSuspenseOne(path, key, id, args, o),
        useCreate: (o = {}) => write.useCreate(path, o),
        useUpdate: (o = {}) => write.useUpdate(path, key, o),
        useUpsert: (o = {}) => write.useUpsert(path, o),
        useDelete: (o = {}) => write.useDelete(path, key, o),
    });
    return { LoamProvider, useClient: () => useLoam().client, useAuth, model };
}
