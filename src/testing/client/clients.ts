import type { Socket } from 'socket.io-client';
import type { Connection } from '../settle/settle.js';
import { namespaceOf } from '../socket-io/client-internals.js';
import { stretched } from '../timing/deadline.js';
import type { ClientContext } from './assertion-context.js';
import { connectClient, type ServerAddress } from './connect-client.js';
import { withSlash, type ConnectOptions } from './connect-options.js';
import { TestClient } from './test-client.js';

/** What all clients of an app have in common. */
export interface ClientDefaults {
  readonly client?: ConnectOptions;
  readonly signal?: AbortSignal;
  /** In milliseconds. */
  readonly timeout: number;
}

/** The test's clients of an app. */
export class Clients {
  /** Every client that was not refused, including disconnected ones. */
  readonly opened = new Set<TestClient>();
  /** Clients that failed to connect. They may have received events before. */
  readonly refused = new Set<TestClient>();
  private connects = 0;

  constructor(
    private readonly context: ClientContext<TestClient>,
    private readonly defaults: ClientDefaults,
  ) {}

  /** Every client that may have received something, including refused ones. */
  get everyone(): readonly TestClient[] {
    return [...this.opened, ...this.refused];
  }

  /** The connections that `settle` waits for. */
  get connections(): readonly Connection[] {
    return Array.from(this.opened, ({ connection }) => connection).filter(
      (connection) => !connection.isGone || !connection.agrees(),
    );
  }

  /** Connects a client, as `TestApp.connect` does. */
  connect(server: ServerAddress, given: ConnectOptions): Promise<TestClient> {
    const { client: defaults = {}, signal } = this.defaults;
    const options = { ...withoutUndefined(defaults), ...withoutUndefined(given) };
    const { name, namespace, timeout } = options;
    return connectClient(server, this.context, this, {
      signal,
      ...options,
      ...this.identify(name, namespace, timeout),
      extraHeaders: { ...defaults.extraHeaders, ...given.extraHeaders },
    });
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
