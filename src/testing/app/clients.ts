import type { Socket } from 'socket.io-client';
import type { Connection } from '../settle/settle.js';
import { namespaceOf } from '../socket-io/client-internals.js';
import { stretched } from '../timing/deadline.js';
import type { ClientContext } from '../client/assertion-context.js';
import { connectClient, type ServerAddress } from '../client/connect-client.js';
import { withSlash, type ConnectOptions } from '../client/connect-options.js';
import type { EventsMap } from '../client/events-map.js';
import type { Receiver } from '../client/receiver.js';
import { TestClient } from '../client/test-client.js';
import { connectMany, type ConnectManyOptions } from '../crowd/connect-many.js';
import type { Crowd } from '../crowd/crowd.js';

/** What all clients of an app have in common. */
export interface ClientDefaults {
  readonly client?: ConnectOptions;
  readonly signal?: AbortSignal;
  /** In milliseconds. */
  readonly timeout: number;
}

/** The test's clients of an app, or of a proxy in front of nodes. */
export class Clients {
  /** Every client that was not refused, including disconnected ones. */
  readonly opened = new Set<TestClient>();
  /** Clients that failed to connect. They may have received events before. */
  readonly refused = new Set<TestClient>();
  /** The crowds of `connectMany`, including disconnected ones. */
  readonly crowds = new Set<Crowd>();
  private connects = 0;

  constructor(
    private readonly context: ClientContext<TestClient>,
    private readonly defaults: ClientDefaults,
  ) {}

  /** Every client that may have received something, including refused ones. */
  get everyone(): readonly TestClient[] {
    return [...this.opened, ...this.refused];
  }

  /** The same, with each client of the crowds. */
  get receivers(): readonly Receiver[] {
    return [...this.everyone, ...Array.from(this.crowds, ({ members }) => members).flat()];
  }

  /** The connections that `settle` waits for. */
  get connections(): readonly Connection[] {
    return this.all
      .map(({ connection }) => connection)
      .filter((connection) => !connection.isGone || !connection.agrees());
  }

  private get all(): readonly (TestClient | Crowd)[] {
    return [...this.opened, ...this.crowds];
  }

  /** Connects a client, as `TestApp.connect` does. */
  connect(server: ServerAddress, given: ConnectOptions): Promise<TestClient> {
    const options = this.withDefaults(given);
    const { name, namespace, timeout } = options;
    return connectClient(server, this.context, this, {
      signal: this.defaults.signal,
      ...options,
      ...this.identify(name, namespace, timeout),
    });
  }

  /** Connects a crowd, as `TestApp.connectMany` does: its clients connect to these servers in turn. */
  connectMany<Incoming extends EventsMap, Outgoing extends EventsMap>(
    targets: readonly ServerAddress[],
    count: number,
    given: ConnectManyOptions,
  ): Promise<Crowd<Incoming, Outgoing>> {
    const { context, crowds, defaults } = this;
    const host = { targets, context, crowds, timeout: defaults.timeout };
    return connectMany(host, count, this.withDefaults(given));
  }

  /** Adds a socket that the test did not connect, as `TestApp.follow` does. */
  follow(socket: Socket, { name, timeout }: Pick<ConnectOptions, 'name' | 'timeout'>): TestClient {
    const known = this.context.everyone().find((client) => client.socket === socket);
    if (known) throw new TypeError(`This socket is a client of the test already: ${known.name}.`);
    const identity = { ...this.identify(name, namespaceOf(socket), timeout), signal: this.defaults.signal };
    const client = new TestClient(socket, this.context, identity);
    this.opened.add(client);
    return client;
  }

  /** Disconnects these, or all of them and the crowds. @returns what failed */
  async disconnect(leaving: readonly (TestClient | Crowd)[] = this.all): Promise<Error[]> {
    const left = await Promise.allSettled(leaving.map((one) => one.disconnect()));
    return left.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  }

  private withDefaults<Options extends ConnectOptions | ConnectManyOptions>(given: Options): Options {
    const { client = {} } = this.defaults;
    const extraHeaders = { ...client.extraHeaders, ...given.extraHeaders };
    return { ...withoutUndefined(client), ...withoutUndefined(given), extraHeaders } as Options;
  }

  private identify(name?: string, namespace?: string, timeout?: number): { name: string; timeout: number } {
    return {
      name: this.uniqueName(name ?? `client-${(this.connects += 1)}`, namespace),
      timeout: timeout === undefined ? this.defaults.timeout : stretched(timeout),
    };
  }

  /** Failures and timelines identify clients by name, so a second `alice` in a namespace becomes `alice (2)`. */
  private uniqueName(name: string, namespace = '/'): string {
    const others = this.context.everyone().filter((one) => !one.isGone && one.namespace === withSlash(namespace));
    const taken = new Set(others.map((one) => one.name));
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${name} (${number})`;
    return unique;
  }
}

/** An option that is `undefined` means its default. */
export function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
