import type { IoAdapter } from '@nestjs/platform-socket.io';

/*
 * Socket.IO's own types, by way of the adapter that brings it. Nest's platform pins one exact version of
 * socket.io; a dependency of ours beside it could install a second copy, whose classes and types differ.
 */

/** `Server` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type Server = Parameters<IoAdapter['close']>[0];

/** `Socket` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type Socket = Parameters<IoAdapter['bindMessageHandlers']>[0];

/** `Namespace` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type Namespace = Socket['nsp'];

/** `Partial<ServerOptions>` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type ServerOptions = Server['_opts'];

/** What `socket.io-parser` is, or another of its shape. */
export type Parser = Server['_parser'];
