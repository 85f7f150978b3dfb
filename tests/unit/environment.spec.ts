import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { readEnvironment } from '../../src/environment/environment.js';
import type { Handshake, Socket } from '../../src/websocket/index.js';
import { authenticateByTokens } from '../../src/environment/tokens.js';
import { EnvironmentError } from '../../src/environment/variables.js';
import { resolveWebsocketOptions } from '../../src/websocket/options/websocket.options.js';

const variables = [
  'PORT',
  'HOST',
  'LOG_FORMAT',
  'WEBSOCKET_CORS_ORIGIN',
  'WEBSOCKET_ALLOW_MISSING_ORIGIN',
  'WEBSOCKET_TRUST_PROXY',
  'WEBSOCKET_TOKENS',
  'WEBSOCKET_RECHECK_INTERVAL_MS',
  'WEBSOCKET_LIMITS',
  'WEBSOCKET_MAX_CONNECTIONS',
  'WEBSOCKET_MAX_CONNECTIONS_PER_ADDRESS',
  'WEBSOCKET_CONNECT_RATE',
  'WEBSOCKET_MESSAGE_RATE',
  'WEBSOCKET_BYTE_RATE',
  'WEBSOCKET_MAX_TIME_OVER_RATE_MS',
  'WEBSOCKET_MAX_MESSAGE_BYTES',
  'WEBSOCKET_MAX_NESTING',
  'WEBSOCKET_MAX_BUFFERED_BYTES',
  'WEBSOCKET_STALL_TIMEOUT_MS',
  'WEBSOCKET_MAX_TOTAL_BUFFERED_BYTES',
  'WEBSOCKET_HANDLE_CONNECTION_TIMEOUT_MS',
  'WEBSOCKET_LOG_DETAILS',
  'REDIS_URL',
  'SHUTDOWN_TIMEOUT_MS',
  'SHUTDOWN_EVENT',
  'SHUTDOWN_BATCH_SIZE',
  'SHUTDOWN_BATCH_INTERVAL_MS',
  'ON_UNCAUGHT',
];

/** What of it is set. */
function read(env: NodeJS.ProcessEnv): object {
  return JSON.parse(JSON.stringify(readEnvironment(env))) as object;
}

describe('readEnvironment', () => {
  test('leaves unset variables to the module', () => {
    const defaults = {
      port: 3000,
      logFormat: 'text',
      shutdownTimeout: 10_000,
      websocket: { cors: { origin: '*' }, limits: {}, shutdown: { timeout: 10_000 } },
    };
    expect(read({})).toEqual(defaults);
    expect(read(Object.fromEntries(variables.map((name) => [name, ''])))).toEqual(defaults);
  });

  test('reads every variable', () => {
    expect(
      read({
        NODE_ENV: 'production',
        PORT: '0',
        HOST: '::1',
        LOG_FORMAT: 'json',
        WEBSOCKET_CORS_ORIGIN: 'https://app.example.com, http://localhost:5173',
        WEBSOCKET_ALLOW_MISSING_ORIGIN: 'off',
        WEBSOCKET_TRUST_PROXY: '10.0.0.0/8, loopback',
        WEBSOCKET_TOKENS: 'alice:secret',
        WEBSOCKET_RECHECK_INTERVAL_MS: '60000',
        WEBSOCKET_MAX_CONNECTIONS: '10',
        WEBSOCKET_MAX_CONNECTIONS_PER_ADDRESS: '5',
        WEBSOCKET_CONNECT_RATE: '20/2',
        WEBSOCKET_MESSAGE_RATE: '30/3',
        WEBSOCKET_BYTE_RATE: 'off',
        WEBSOCKET_MAX_TIME_OVER_RATE_MS: '60000',
        WEBSOCKET_MAX_MESSAGE_BYTES: '1000',
        WEBSOCKET_MAX_NESTING: '8',
        WEBSOCKET_MAX_BUFFERED_BYTES: '3000',
        WEBSOCKET_STALL_TIMEOUT_MS: '2000',
        WEBSOCKET_MAX_TOTAL_BUFFERED_BYTES: '8000000000',
        WEBSOCKET_HANDLE_CONNECTION_TIMEOUT_MS: '4000',
        WEBSOCKET_LOG_DETAILS: 'off',
        REDIS_URL: 'rediss://user:secret@redis:6379/1',
        SHUTDOWN_TIMEOUT_MS: '25000',
        SHUTDOWN_EVENT: 'bye',
        SHUTDOWN_BATCH_SIZE: '250',
        SHUTDOWN_BATCH_INTERVAL_MS: '500',
        ON_UNCAUGHT: 'ignore',
      }),
    ).toEqual({
      port: 0,
      host: '::1',
      logFormat: 'json',
      shutdownTimeout: 25_000,
      websocket: {
        cors: { origin: ['https://app.example.com', 'http://localhost:5173'] },
        allowMissingOrigin: false,
        trustProxy: ['10.0.0.0/8', 'loopback'],
        authentication: { recheckInterval: 60_000 },
        limits: {
          connections: 10,
          connectionsPerAddress: 5,
          connectRate: { burst: 20, perSecond: 2 },
          messageRate: { burst: 30, perSecond: 3 },
          byteRate: false,
          maxTimeOverRate: 60_000,
        },
        maxHttpBufferSize: 1_000,
        maxNesting: 8,
        maxBufferedBytes: 3_000,
        stallTimeout: 2_000,
        maxTotalBufferedBytes: 8_000_000_000,
        handleConnectionTimeout: 4_000,
        logDetails: false,
        redis: { url: 'rediss://user:secret@redis:6379/1' },
        shutdown: { timeout: 25_000, event: 'bye', batchSize: 250, batchInterval: 500, onUncaught: 'ignore' },
      },
    });
  });

  test('lifts all limits at once, and reads a number of proxies', () => {
    expect(readEnvironment({ WEBSOCKET_LIMITS: 'off', WEBSOCKET_TRUST_PROXY: '2' }).websocket).toMatchObject({
      limits: false,
      trustProxy: 2,
    });
    expect(readEnvironment({ WEBSOCKET_TRUST_PROXY: 'off' }).websocket.trustProxy).toBe(false);
  });

  test('has exactly the variables of the table in docs/reference/reference-server.md', () => {
    const page = readFileSync(new URL('../../docs/reference/reference-server.md', import.meta.url), 'utf8');
    const listed = Array.from(page.matchAll(/^\| `([A-Z_]+)` /gm), ([, name]) => name);
    expect(listed).toEqual(variables);
  });

  test('returns options that the module accepts', () => {
    const env = Object.fromEntries(variables.map((name) => [name, '']));
    expect(() => resolveWebsocketOptions(readEnvironment(env).websocket)).not.toThrow();
  });

  test('requires WEBSOCKET_CORS_ORIGIN in production, and accepts "*"', () => {
    expect(() => readEnvironment({ NODE_ENV: 'production' })).toThrow(
      'WEBSOCKET_CORS_ORIGIN is not set; expected origins such as "https://app.example.com", separated by commas, or "*", with NODE_ENV=production',
    );
    expect(readEnvironment({ NODE_ENV: 'production', WEBSOCKET_CORS_ORIGIN: '*' }).websocket.cors).toEqual({
      origin: '*',
    });
  });

  test.each([
    ['PORT', 'abc', 'PORT is "abc"; expected a number from 0 to 65535'],
    ['PORT', '65536', 'PORT is "65536"; expected'],
    ['PORT', '-1', 'PORT is "-1"; expected'],
    ['PORT', '80.5', 'PORT is "80.5"; expected'],
    ['WEBSOCKET_CORS_ORIGIN', 'app.example.com', 'is "app.example.com"; expected origins'],
    ['WEBSOCKET_CORS_ORIGIN', 'https://app.example.com/', 'expected origins'],
    ['WEBSOCKET_CORS_ORIGIN', '*,https://app.example.com', 'expected origins'],
    ['REDIS_URL', 'localhost:6379', 'REDIS_URL is "localhost:6379"; expected a URL such as "redis://localhost:6379"'],
    ['REDIS_URL', 'http://user:secret@redis', 'REDIS_URL is "http://***@redis"; expected'],
    ['SHUTDOWN_TIMEOUT_MS', '10s', 'SHUTDOWN_TIMEOUT_MS is "10s"; expected a whole number of milliseconds'],
    ['SHUTDOWN_BATCH_SIZE', '0', 'SHUTDOWN_BATCH_SIZE is "0"; expected a whole number of clients, 1 or more'],
    ['SHUTDOWN_BATCH_INTERVAL_MS', '-5', 'SHUTDOWN_BATCH_INTERVAL_MS is "-5"; expected a whole number'],
    ['WEBSOCKET_TOKENS', 'alice:secret,bob', 'WEBSOCKET_TOKENS is "***"; expected users and their tokens'],
    ['WEBSOCKET_MESSAGE_RATE', '100', 'expected a burst and a rate for a second such as "250/50", or "off"'],
    ['WEBSOCKET_LIMITS', 'no', 'WEBSOCKET_LIMITS is "no"; expected "on" or "off"'],
    ['ON_UNCAUGHT', 'exit', 'ON_UNCAUGHT is "exit"; expected "drain" or "ignore"'],
    ['LOG_FORMAT', 'xml', 'LOG_FORMAT is "xml"; expected "text" or "json"'],
  ])('refuses %s=%s', (variable, value, text) => {
    const reading = (): unknown => readEnvironment({ [variable]: value });
    expect(reading).toThrow(EnvironmentError);
    expect(reading).toThrow(text);
  });
});

describe('WEBSOCKET_TOKENS', () => {
  const authenticate = authenticateByTokens('WEBSOCKET_TOKENS', ['alice:secret', 'bob:a:b']);
  const ask = (token: unknown): unknown => authenticate({ auth: { token } } as unknown as Handshake, {} as Socket);

  test('accept a client with a listed token', () => {
    expect(ask('secret')).toEqual({ user: 'alice' });
    expect(ask('a:b')).toEqual({ user: 'bob' });
  });

  test.each([undefined, '', 'Secret', ['secret'], { toString: 'secret' }])('refuse the token %j', (token) => {
    expect(() => ask(token)).toThrow('Unknown token');
  });
});
