import type { IoAdapter } from '@nestjs/platform-socket.io';

/*
 * Socket.IO's own types, taken from Nest's adapter. Nest's platform package pins one exact version of socket.io. A
 * direct dependency of this package could install a second copy, whose classes and types differ.
 */

/** `Server` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type Server = Parameters<IoAdapter['close']>[0];

/** `Socket` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type Socket = Parameters<IoAdapter['bindMessageHandlers']>[0];

/** `Namespace` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type Namespace = Socket['nsp'];

/** `Partial<ServerOptions>` of the socket.io that `@nestjs/platform-socket.io` runs. */
export type ServerOptions = Server['_opts'];

/** `socket.io-parser`, or a replacement with the same shape. */
export type Parser = Server['_parser'];
