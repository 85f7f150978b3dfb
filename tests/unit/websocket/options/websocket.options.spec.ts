import { WebsocketOptionsError, type WebsocketOptions } from 'nest-realtime-kit';
import { describe, expect, test } from 'vitest';
import { resolveWebsocketOptions } from '../../../../src/websocket/options/websocket.options.js';

describe('resolveWebsocketOptions', () => {
  test("separates Socket.IO's options from the kit's", () => {
    const options: WebsocketOptions = {
      path: '/realtime',
      cors: { origin: ['https://app.example.com'] },
      transports: ['websocket'],
      pingInterval: 10_000,
      connectionStateRecovery: {},
      logDetails: false,
      redis: { url: 'redis://localhost:6379', keyPrefix: 'app' },
    };
    const { logDetails, redis, ...server } = options;
    expect(resolveWebsocketOptions(options)).toMatchObject({ server, redis, logDetails });
  });

  test('leaves unset options unset, and drops undefined ones', () => {
    expect(resolveWebsocketOptions()).toMatchObject({ server: {}, errors: { tellBy: 'ack' } });
    const { server, redis } = resolveWebsocketOptions({ path: undefined, redis: undefined });
    expect({ server, redis }).toStrictEqual({ server: {}, redis: undefined });
  });

  test('reads options that are getters of a class', () => {
    class ShutdownConfig {
      get timeout(): number {
        return 5_000;
      }
    }
    expect(resolveWebsocketOptions({ shutdown: new ShutdownConfig() }).shutdown).toMatchObject({ timeout: 5_000 });
  });

  test('passes on options of a later Socket.IO', () => {
    const later = { httpRequestBodyTimeout: 5_000, maxBufferedChunks: 10 } as WebsocketOptions;
    expect(resolveWebsocketOptions(later).server).toEqual(later);
  });

  test.each<[string, unknown, string]>([
    ['path', { path: 'realtime' }, 'option "path" is "realtime"; expected a path that begins with "/"'],
    ['path', { path: 7 }, 'option "path" is 7; expected a path'],
    ['transports', { transports: ['sockjs'] }, 'is ["sockjs"]; expected a list out of "polling", "websocket"'],
    [
      'redis.url',
      { redis: { url: 'redis://user:pa/ss@w:ord@host:port' } },
      'option "redis.url" is "redis://***@host:port"; expected a URL',
    ],
    ['transports', { transports: [] }, 'option "transports" is []; expected a list'],
    [
      'pingTimeout',
      { pingTimeout: 0 },
      'option "pingTimeout" is 0; expected a whole number of milliseconds, 1 or more',
    ],
    [
      'pingInterval',
      { pingInterval: '25s' },
      'option "pingInterval" is "25s"; expected a whole number of milliseconds',
    ],
    ['maxHttpBufferSize', { maxHttpBufferSize: 1.5 }, 'is 1.5; expected a whole number of bytes'],
    ['cors', { cors: 'example.com' }, 'option "cors" is "example.com"; expected an object such as'],
    ['origins', { origins: '*' }, 'option "origins" is "*"; expected the name "cors.origin"'],
    ['pingInterva', { pingInterva: 1 }, 'option "pingInterva" is 1; expected the name "pingInterval"'],
    ['maxHTTPBufferSize', { maxHTTPBufferSize: 1 }, 'expected the name "maxHttpBufferSize"'],
    ['limits.messagerate', { limits: { messagerate: 1 } }, 'expected the name "limits.messageRate"'],
    ['serveClient', { serveClient: 'no' }, 'option "serveClient" is "no"; expected true or false'],
    ['allowRequest', { allowRequest: true }, 'option "allowRequest" is true; expected a function'],
    ['authenticate', { authenticate: () => ({}) }, 'is a function; expected the name "authentication"'],
    ['messageRate', { messageRate: false }, 'is false; expected the name "limits.messageRate"'],
    ['maxConnections', { maxConnections: 10 }, 'is 10; expected the name "limits.'],
    ['corss', { corss: {} }, 'option "corss" is an object; expected the name "cors"'],
    ['shutdown', { shutdown: 10_000 }, 'option "shutdown" is 10000; expected an object such as { timeout'],
    ['shutdown.timeout', { shutdown: { timeout: 0 } }, 'is 0; expected a whole number of milliseconds'],
    ['shutdown.batchSize', { shutdown: { batchSize: 1.5 } }, 'is 1.5; expected a whole number, 1 or more'],
    ['shutdown.event', { shutdown: { event: 'error' } }, 'is "error"; expected the name of an event'],
    ['shutdown.onUncaught', { shutdown: { onUncaught: true } }, 'is true; expected "drain" or "ignore"'],
    ['shutdown.grace', { shutdown: { grace: 1 } }, 'expected one of these names: shutdown.batchInterval, '],
    ['redis', { redis: {} }, 'option "redis" is an object; expected either { url: "redis://host:6379" } or { client }'],
    ['redis', { redis: 'redis://localhost' }, 'option "redis" is "redis://localhost"; expected either'],
    [
      'redis.url',
      { redis: { url: 'http://u:p@localhost' } },
      'is "http://***@localhost"; expected a URL that begins with "redis://"',
    ],
    [
      'redis.keyPrefix',
      { redis: { url: 'redis://localhost', keyPrefix: '' } },
      'is ""; expected a string that is not empty',
    ],
    [
      'redis.prefix',
      { redis: { url: 'redis://localhost', prefix: 'a' } },
      'expected one of these names: redis.client, ',
    ],
    ['adapter', { redis: { url: 'redis://localhost' }, adapter: () => {} }, 'expected no adapter beside "redis"'],
    ['(all)', 'cors', 'option "(all)" is "cors"; expected an object'],
    ['errors.tellBy', { errors: { tellBy: 'event' } }, 'is "event"; expected "ack", "exception" or "both"'],
  ])('refuses a wrong %s: %j', (option, options, text) => {
    const resolve = (): unknown => resolveWebsocketOptions(options as WebsocketOptions);
    expect(resolve).toThrow(WebsocketOptionsError);
    expect(resolve).toThrow(text);
    expect(resolve).toThrow(expect.objectContaining({ option }));
  });
});
