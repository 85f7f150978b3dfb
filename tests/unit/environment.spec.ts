import { describe, expect, test } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../src/environment.js';

describe('readEnvironment', () => {
  test('has a default for everything', () => {
    const defaults = { port: 3000, host: undefined, corsOrigin: '*', redisUrl: undefined, logFormat: 'text' };
    expect(readEnvironment({})).toEqual(defaults);
    expect(
      readEnvironment({ PORT: '', HOST: '', WEBSOCKET_CORS_ORIGIN: '', REDIS_URL: '', LOG_FORMAT: '' }),
    ).toEqual(defaults);
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
      }),
    ).toEqual({
      port: 0,
      host: '::1',
      corsOrigin: ['https://app.example.com', 'http://localhost:5173'],
      redisUrl: 'rediss://user:secret@redis:6379/1',
      logFormat: 'json',
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
    ['LOG_FORMAT', 'xml', 'LOG_FORMAT is "xml"; expected "text" or "json"'],
  ])('refuses %s=%s', (variable, value, text) => {
    const read = (): unknown => readEnvironment({ [variable]: value });
    expect(read).toThrow(EnvironmentError);
    expect(read).toThrow(text);
  });
});
