export { LoamProvider, useLoam } from './context.js';
export type { AnyClient, Loam, LoamProviderProps } from './context.js';
export { createHooks } from './model.js';
export type { AllHooks, Following, Hooks, Listing, ListOptions, ModelHooks, MutationOptions, ReadOptions, Update } from './model.js';
export { useAuth } from './auth.js';
export type { AuthState } from './auth.js';
export { useConnection, usePresence, useQueueSize } from './presence.js';
export type { Presence, PresenceOptions } from './presence.js';
export type { Liveness } from './follow.js';
