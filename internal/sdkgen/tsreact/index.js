export { LoamProvider, useLoam } from './context.js';
export { createHooks } from './model.js';
export { useAuth } from './auth.js';
export { useConnection, usePresence, useQueueSize } from './presence.js';
