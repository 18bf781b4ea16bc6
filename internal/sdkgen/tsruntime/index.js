export { createClient } from './client.js';
export { isError, LoamError } from './errors.js';
export { newId } from './id.js';
