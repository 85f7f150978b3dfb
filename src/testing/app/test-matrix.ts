import type { AbstractHttpAdapter } from '@nestjs/core';
import { format } from '../report/format.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { TestAppOptions } from './start-test-app.js';

/** How a client connects; `upgrade` starts with polling. */
export type WorldTransport = 'websocket' | 'polling' | 'upgrade';

/** The dimensions in which the worlds differ. One that is left out does not vary and stays as the app has it. */
export interface WorldMatrix {
  /**
   * WebTransport is not supported: it needs HTTP/3, which Node does not have.
   */
  transports?: readonly WorldTransport[];
  /** HTTP adapters by name: a function that creates one, or `undefined` for Express. */
  httpAdapters?: Readonly<Record<string, (() => AbstractHttpAdapter) | undefined>>;
  /** Parsers by name, such as the module `socket.io-msgpack-parser`, or `undefined` for the app's own. */
  parsers?: Readonly<Record<string, ConnectOptions['parser']>>;
  /** Whether connection state recovery is on. */
  recovery?: readonly boolean[];
}

/** One combination in which a test body runs. */
export interface World {
  /** Distinguishes it from the other worlds: `polling, fastify, msgpack, recovery`. */
  readonly name: string;
  /** For `startTestApp` or `realtimeTest`. */
  readonly options: TestAppOptions;
}

const TRANSPORTS: Record<WorldTransport, ConnectOptions['transports']> = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

/** Long enough for any test. */
const RECOVERY = { maxDisconnectionDuration: 120_000 };

/**
 * Returns every combination of the given values, so that the same test body can run in each.
 *
 * @example
 * ```ts
 * describe.each(worlds({ transports: ['websocket', 'polling'], parsers: { default: undefined, msgpack } }))(
 *   'over $name',
 *   ({ options }) => {
 *     const test = realtimeTest(AppModule, options);
 *   },
 * );
 * ```
 * @throws TypeError for an empty dimension or an unknown transport
 */
export function worlds({ transports, httpAdapters, parsers, recovery }: WorldMatrix): World[] {
  const dimensions: Record<string, World[] | undefined> = {
    transports: transports?.map((transport) => ({
      name: transport,
      options: { client: { transports: transportsOf(transport) } },
    })),
    httpAdapters:
      httpAdapters && Object.entries(httpAdapters).map(([name, httpAdapter]) => ({ name, options: { httpAdapter } })),
    parsers:
      parsers &&
      Object.entries(parsers).map(([name, parser]) => ({
        name,
        options: parser ? { client: { parser }, server: { parser } } : {},
      })),
    recovery: recovery?.map((recovers) => ({
      name: recovers ? 'recovery' : 'no recovery',
      options: { server: { connectionStateRecovery: recovers ? RECOVERY : undefined } },
    })),
  };
  let combined: World[] = [{ name: '', options: {} }];
  for (const [name, values] of Object.entries(dimensions)) {
    if (values?.length === 0) throw new TypeError(`worlds() needs at least one of its ${name}; got none.`);
    if (values) combined = combined.flatMap((world) => values.map((other) => join(world, other)));
  }
  return combined;
}

function join(one: World, other: World): World {
  return {
    name: [one.name, other.name].filter(Boolean).join(', '),
    options: {
      ...one.options,
      ...other.options,
      client: { ...one.options.client, ...other.options.client },
      server: { ...one.options.server, ...other.options.server },
    },
  };
}

function transportsOf(transport: WorldTransport): ConnectOptions['transports'] {
  if (Object.hasOwn(TRANSPORTS, transport)) return TRANSPORTS[transport];
  const known = Object.keys(TRANSPORTS).join(', ');
  throw new TypeError(`worlds() knows the transports ${known}; got ${format(transport)}.`);
}
