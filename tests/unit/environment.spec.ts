import { describe, expect, test } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../src/environment.js';

describe('readEnvironment', () => {
  test('has a default for everything', () => {
    const defaults = {
      port: 3000,
      host: undefined,
      corsOrigin: '*',
      redisUrl: undefined,
      logFormat: 'text',
      shutdown: { timeout: 10_000 },
    };
    const variables = [
      'PORT',
      'HOST',
      'WEBSOCKET_CORS_ORIGIN',
      'REDIS_URL',
      'LOG_FORMAT',
      'SHUTDOWN_TIMEOUT_MS',
      'SHUTDOWN_EVENT',
      'SHUTDOWN_BATCH_SIZE',
      'SHUTDOWN_BATCH_INTERVAL_MS',
      'ON_UNCAUGHT',
    ];
    expect(readEnvironment({})).toEqual(defaults);
    expect(readEnvironment(Object.fromEntries(variables.map((name) => [name, ''])))).toEqual(defaults);
  });

  test('reads what is set', () => {
    expect(
      readEnvironment({
        NODE_ENV: 'production',
        PORT: '0',
        HOST: '::1',
        WEBSOCKET_CORS_ORIGIN: 'https://app.example.com, http://localhost:5173',
        REDIS_URL: 'rediss://user:secret@redis:6379/1',
        LOG_FORMAT: 'json',
        SHUTDOWN_TIMEOUT_MS: '25000',
        SHUTDOWN_EVENT: 'bye',
        SHUTDOWN_BATCH_SIZE: '250',
        SHUTDOWN_BATCH_INTERVAL_MS: '500',
        ON_UNCAUGHT: 'ignore',
      }),
    ).toEqual({
      port: 0,
      host: '::1',
      corsOrigin: ['https://app.example.com', 'http://localhost:5173'],
      redisUrl: 'rediss://user:secret@redis:6379/1',
      logFormat: 'json',
      shutdown: { timeout: 25_000, event: 'bye', batchSize: 250, batchInterval: 500, onUncaught: 'ignore' },
    });
  });

  test('lets production have every origin only when it says so', () => {
    expect(() => readEnvironment({ NODE_ENV: 'production' })).toThrow(
      'WEBSOCKET_CORS_ORIGIN is not set; expected origins such as "https://app.example.com", separated by commas, or "*", with NODE_ENV=production',
    );
    expect(readEnvironment({ NODE_ENV: 'production', WEBSOCKET_CORS_ORIGIN: '*' }).corsOrigin).toBe('*');
  });

  test.each([
    ['PORT', 'abc', 'PORT is "abc"; expected a number from 0 to 65535'],
    ['PORT', '65536', 'PORT is "65536"; expected'],
    ['PORT', '-1', 'PORT is "-1"; expected'],
    ['PORT', '80.5', 'PORT is "80.5"; expected'],
    ['WEBSOCKET_CORS_ORIGIN', 'app.example.com', 'is "app.example.com"; expected origins'],
    ['WEBSOCKET_CORS_ORIGIN', 'https://app.example.com/', 'expected origins'],
    ['WEBSOCKET_CORS_ORIGIN', '*,https://app.example.com', 'expected origins'],
    [
      'REDIS_URL',
      'localhost:6379',
      'REDIS_URL is "localhost:6379"; expected a URL such as "redis://localhost:6379"',
    ],
    ['REDIS_URL', 'http://user:secret@redis', 'REDIS_URL is "http://***@redis"; expected'],
    ['SHUTDOWN_TIMEOUT_MS', '10s', 'SHUTDOWN_TIMEOUT_MS is "10s"; expected a whole number of milliseconds'],
    ['SHUTDOWN_BATCH_SIZE', '0', 'SHUTDOWN_BATCH_SIZE is "0"; expected a whole number of clients, 1 or more'],
    ['SHUTDOWN_BATCH_INTERVAL_MS', '-5', 'SHUTDOWN_BATCH_INTERVAL_MS is "-5"; expected a whole number'],
    ['ON_UNCAUGHT', 'exit', 'ON_UNCAUGHT is "exit"; expected "drain" or "ignore"'],
    ['LOG_FORMAT', 'xml', 'LOG_FORMAT is "xml"; expected "text" or "json"'],
  ])('refuses %s=%s', (variable, value, text) => {
    const read = (): unknown => readEnvironment({ [variable]: value });
    expect(read).toThrow(EnvironmentError);
    expect(read).toThrow(text);
  });
});
