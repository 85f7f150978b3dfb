import { parentPort } from 'node:worker_threads';

/** Runs in a forked process or in a worker thread, and answers with what it finds there. */
const found = { execArgv: process.execArgv, isNestLoaded: 'getMetadata' in Reflect };

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
if (parentPort) parentPort.postMessage(found);
else process.on('message', (message) => process.send!({ message, ...found }));
