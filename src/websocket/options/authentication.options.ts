import type { Type } from '@nestjs/common';
import { isObject, milliseconds, rule, withDefault } from './option-rules.js';
import type { Socket } from '../socket-io/socket.io.js';

/** What a client says of itself when it connects: headers, query, `auth`, address. */
export type Handshake = Socket['handshake'];

/**
 * Says who a client is.
 *
 * @returns what goes into `socket.data`
 * @throws a `WsException`, or an `HttpException` below 500 such as `UnauthorizedException`, to refuse: the client reads
 * its code and message in `connect_error`. Anything else is a fault of the server: it is called again, and in the end the
 * connection is closed, so that the client reconnects
 */
export type Authenticate<Data extends object = object> = (handshake: Handshake, socket: Socket) => Data | Promise<Data>;

/** A provider that says who a client is. */
export interface Authenticator<Data extends object = object> {
  authenticate: Authenticate<Data>;
}

/** A client of whom an {@link Authenticate} has said who it is. */
export type AuthenticatedSocket<Data extends object> = Omit<Socket, 'data'> & { data: Data };

export interface AuthenticationOptions<Data extends object = object> {
  /** A function, or the class of a provider with a method `authenticate`. */
  use: Authenticate<Data> | Type<Authenticator<Data>>;

  /**
   * How long it may take, in milliseconds. Within this time it is called again when it fails by a fault of the server;
   * after it, the connection is closed. For a further namespace of a client that is connected, it is called again as
   * long as the client is there.
   *
   * @default 5000
   */
  timeout?: number;

  /**
   * How often it is called again for connected clients, in milliseconds. A client that it refuses then is disconnected.
   *
   * @default undefined (only when `Authentication.recheck()` is called)
   */
  recheckInterval?: number;
}

const fields = {
  recheckInterval: milliseconds,
  timeout: withDefault(milliseconds, 5_000),
  use: {
    ...rule('a function, or the class of a provider with authenticate()', (value) => typeof value === 'function'),
    required: true,
  },
};

export const authenticationOption = {
  ...rule<Authenticate | Type<Authenticator> | AuthenticationOptions>(
    'a function, the class of a provider with authenticate(), or { use, timeout, recheckInterval }',
    (value) => typeof value === 'function' || isObject(value),
  ),
  fields,
};
