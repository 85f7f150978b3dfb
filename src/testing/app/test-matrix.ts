import type { AbstractHttpAdapter } from '@nestjs/core';
import { format } from '../report/format.js';
import type { ConnectOptions } from '../client/connect-options.js';
import type { TestAppOptions } from './start-test-app.js';

/** A way for a client to connect; `upgrade` begins by polling. */
export type WorldTransport = 'websocket' | 'polling' | 'upgrade';

/** What the worlds differ in. What is left out does not vary, and is as the app has it. */
export interface WorldMatrix {
  /**
   * WebTransport is not among them: it goes by HTTP/3, which Node does not have of its own.
   */
  transports?: readonly WorldTransport[];
  /** HTTP adapters by name: a function that makes one, or `undefined` for Express. */
  httpAdapters?: Readonly<Record<string, (() => AbstractHttpAdapter) | undefined>>;
  /** Parsers by name, such as the module `socket.io-msgpack-parser`, or `undefined` for what the app has. */
  parsers?: Readonly<Record<string, ConnectOptions['parser']>>;
  /** Whether connection state recovery is on. */
  recovery?: readonly boolean[];
}

/** One of the worlds in which a test body is to hold. */
export interface World {
  /** What sets it apart from the others: `polling, fastify, msgpack, recovery`. */
  readonly name: string;
  /** For `startTestApp` or `realtimeTest`. */
  readonly options: TestAppOptions;
}

const TRANSPORTS: Record<WorldTransport, ConnectOptions['transports']> = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

/** Long enough for every test. */
const RECOVERY = { maxDisconnectionDuration: 120_000 };

/**
 * Every combination of what is given, so that the same test body runs over all of them.
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
 * @throws TypeError for an empty dimension, or a transport that there is not
 */
export function worlds(matrix: WorldMatrix): World[] {
  const dimensions = [
    dimension('transports', matrix.transports, (transport) => ({
      name: transport,
      options: { client: { transports: transportsOf(transport) } },
    })),
    dimension('httpAdapters', entriesOf(matrix.httpAdapters), ([name, httpAdapter]) => ({
      name,
      options: { httpAdapter },
    })),
    dimension('parsers', entriesOf(matrix.parsers), ([name, parser]) => ({
      name,
      options: parser ? { client: { parser }, server: { parser } } : {},
    })),
    dimension('recovery', matrix.recovery, (recovers) => ({
      name: recovers ? 'recovery' : 'no recovery',
      options: { server: { connectionStateRecovery: recovers ? RECOVERY : undefined } },
    })),
  ];
  return dimensions.reduce<World[]>(
    (combined, worldsOfDimension) => combined.flatMap((world) => worldsOfDimension.map((other) => join(world, other))),
    [{ name: '', options: {} }],
  );
}

/** The worlds that one dimension makes; one that is left out makes a single one, which is like any other. */
function dimension<T>(name: string, values: readonly T[] | undefined, worldOf: (value: T) => World): World[] {
  if (values === undefined) return [{ name: '', options: {} }];
  if (values.length === 0) throw new TypeError(`worlds() needs at least one of its ${name}; got none.`);
  return values.map(worldOf);
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

function entriesOf<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] | undefined {
  return record && Object.entries(record);
}

function transportsOf(transport: WorldTransport): ConnectOptions['transports'] {
  if (Object.hasOwn(TRANSPORTS, transport)) return TRANSPORTS[transport];
  const known = Object.keys(TRANSPORTS).join(', ');
  throw new TypeError(`worlds() knows the transports ${known}; got ${format(transport)}.`);
}
