import { describe, test } from 'vitest';
import { test as withRedis } from '../integration/support/redis.js';
import { nodeOf, nodes, ALL_STARTS, STARTS, TIMEOUT } from './support/matrix.js';
import { startServer } from '../support/server-process.js';
import { visitAndEnd } from './support/visit.js';

/** Each variable of the environment, by a value that is not its default. */
const variables: Record<string, string> = {
  HOST: '127.0.0.1',
  LOG_FORMAT: 'json',
  NODE_ENV: 'development',
  ON_UNCAUGHT: 'ignore',
  SHUTDOWN_BATCH_INTERVAL_MS: '10',
  SHUTDOWN_BATCH_SIZE: '1',
  SHUTDOWN_EVENT: 'bye',
  SHUTDOWN_TIMEOUT_MS: '5000',
  WEBSOCKET_ALLOW_MISSING_ORIGIN: 'on',
  WEBSOCKET_BYTE_RATE: '1000000/1000000',
  WEBSOCKET_CONNECT_RATE: '100/100',
  WEBSOCKET_CORS_ORIGIN: 'https://app.example.com',
  WEBSOCKET_HANDLE_CONNECTION_TIMEOUT_MS: '1000',
  WEBSOCKET_LIMITS: 'off',
  WEBSOCKET_LOG_DETAILS: 'on',
  WEBSOCKET_MAX_BUFFERED_BYTES: '100000',
  WEBSOCKET_MAX_CONNECTIONS: '10',
  WEBSOCKET_MAX_CONNECTIONS_PER_ADDRESS: '10',
  WEBSOCKET_MAX_MESSAGE_BYTES: '100000',
  WEBSOCKET_MAX_NESTING: '10',
  WEBSOCKET_MAX_TIME_OVER_RATE_MS: '10000',
  WEBSOCKET_MAX_TOTAL_BUFFERED_BYTES: '100000000',
  WEBSOCKET_MESSAGE_RATE: '100/100',
  WEBSOCKET_RECHECK_INTERVAL_MS: '100',
  WEBSOCKET_STALL_TIMEOUT_MS: '1000',
  WEBSOCKET_TOKENS: 'alice:secret',
  WEBSOCKET_TRUST_PROXY: 'loopback',
};

async function serve(node: number, env: Record<string, string>): Promise<void> {
  for (let start = 0; start < STARTS; start += 1) {
    await using server = await startServer({ node: nodeOf(node), env });
    await visitAndEnd(server, undefined, { token: 'secret' });
  }
}

describe.each(nodes)('the reference server on Node %i', (node) => {
  test(`with its defaults: ${ALL_STARTS}`, { timeout: TIMEOUT }, () => serve(node, {}));

  test.for(Object.entries(variables))(`with %s=%s: ${ALL_STARTS}`, { timeout: TIMEOUT }, ([variable, value]) =>
    serve(node, { [variable]: value }),
  );

  withRedis(`with REDIS_URL: ${ALL_STARTS}`, { timeout: TIMEOUT }, ({ redisUrl }) =>
    serve(node, { REDIS_URL: redisUrl }),
  );
});
