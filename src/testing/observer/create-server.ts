import type { Server as HttpServer } from 'node:http';
import type { ServerOptions } from '../../websocket/index.js';
import { patch } from './patch.js';

type CreateIoServer = (port: number, options?: object) => unknown;

/**
 * Creates a Socket.IO server with options that override the app's. These may come from a gateway's decorator, or from a
 * subclass of `IoAdapter` that adds them before `super.createIOServer`. So the method of the adapter's topmost class is
 * patched during the call.
 *
 * @param standIn replaces the adapter's HTTP server during the call, because a server on port 0 attaches to that one
 */
export function createServerWith<T>(
  adapter: object,
  { options, standIn }: { options: Partial<ServerOptions>; standIn: HttpServer | undefined },
  create: () => T,
): T {
  const restores = standIn ? [patch(adapter, 'httpServer', standIn)] : [];
  const owner = topmostOwner(adapter, 'createIOServer');
  if (owner) {
    const createIoServer = (owner as { createIOServer: CreateIoServer }).createIOServer;
    const observed = function (this: object, asked: number, given?: object): unknown {
      return createIoServer.call(this, standIn ? 0 : asked, { ...given, ...options });
    };
    restores.push(patch(owner, 'createIOServer', observed));
  }
  try {
    return create();
  } finally {
    for (const restore of restores) restore();
  }
}

function topmostOwner(object: object, method: string): object | undefined {
  let owner: object | undefined;
  for (let link: object | null = object; link; link = Object.getPrototypeOf(link) as object | null) {
    if (Object.hasOwn(link, method)) owner = link;
  }
  return owner;
}
