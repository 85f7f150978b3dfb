import type { ManagerOptions, SocketOptions } from 'socket.io-client';

/* What the test and the process of a crowd's clients say to each other. Clients are numbered from 0. */

/** What the test asks for, and the answers. */
export interface Questions {
  /** How many files, and so connections, the process may open. */
  openFileLimit(ask: undefined): number;
  /** Connects the clients, and answers when each is connected or refused. */
  open(ask: Open): void;
  /** Sends an event from these clients. */
  emit(ask: Emit): void;
  /** Sends an event from these clients, and answers with each one's ack, or `undefined` if there was none in time. */
  emitWithAck(ask: Emit & { readonly timeout: number }): readonly (readonly [unknown] | undefined)[];
  /** Sends a fence on each connection, and answers with the clients that have none. */
  sendFence(fence: number): readonly number[];
  /** Answers when the fence has arrived at all clients except these. */
  awaitFence(ask: { readonly fence: number; readonly unsent: readonly number[] }): void;
  /** Disconnects these clients, and answers when their connections are closed. */
  disconnect(clients: readonly number[]): void;
}

export interface Open {
  /** Where each client connects to, in turn: the address with its namespace, and the server's path. */
  readonly targets: readonly { readonly url: string; readonly path: string }[];
  readonly options: Partial<ManagerOptions & SocketOptions>;
  /** The `auth` of each client; its length is the number of clients. */
  readonly auths: readonly (object | undefined)[];
}

/** An event of some clients. */
export interface Emit {
  readonly clients: readonly number[];
  readonly event: string;
  readonly args: readonly unknown[];
}

/** What happened to the clients, in order. */
export interface News {
  /** Triples of numbers: a step of {@link Step}, the client, and the place of its value in `values`. */
  steps: readonly number[];
  values: readonly unknown[];
}

/** The numbers of the steps. */
export const Step = {
  /** The client is connected; the value is a list of its socket's id and its connection's id. */
  CONNECTED: 0,
  /** The client received an event; the value is a list of the event's name and its arguments. */
  RECEIVED: 1,
  /** The client is disconnected for good; the value is Socket.IO's reason. */
  DISCONNECTED: 2,
  /** The client is disconnected, and will connect again. */
  INTERRUPTED: 3,
  /** The client could not connect; the value is the reason. */
  REFUSED: 4,
} as const;
