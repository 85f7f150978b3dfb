import { isMainThread } from 'node:worker_threads';
import { AGENT } from './agent-variable.js';

/*
 * Preloaded into the process of a node (`node --import`). The processes and worker threads that the app starts inherit
 * the arguments of Node and the environment, and are to run as without a test: there, nothing happens.
 */

const { execArgv, env } = process;
const place = execArgv.indexOf(import.meta.url);
if (place > 0) execArgv.splice(place - 1, 2);
const isAsked = env[AGENT] !== undefined && isMainThread;
delete env[AGENT];
if (isAsked) await import('./observe-process.js');
