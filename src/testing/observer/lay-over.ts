import type { ServerOptions } from '../../websocket/index.js';
import { patch } from './patch.js';

type CreateIoServer = (port: number, options?: object) => unknown;

/**
 * Creates a Socket.IO server with these options laid over the app's own, wherever those come from: a gateway's
 * decorator, or a subclass of `IoAdapter` that adds some on its way to `super.createIOServer`. So it is the method of
 * the adapter's topmost class that gets them, for the moment of the call.
 */
export function layOver<T>(adapter: object, options: Partial<ServerOptions>, create: () => T): T {
  const owner = topmostOwner(adapter, 'createIOServer');
  if (!owner || Object.keys(options).length === 0) return create();
  const createIoServer = (owner as { createIOServer: CreateIoServer }).createIOServer;
  const restore = patch(owner, 'createIOServer', function (this: object, port: number, given?: object) {
    return createIoServer.call(this, port, { ...given, ...options });
  });
  try {
    return create();
  } finally {
    restore();
  }
}

function topmostOwner(object: object, method: string): object | undefined {
  let owner: object | undefined;
  for (let link: object | null = object; link; link = Object.getPrototypeOf(link) as object | null) {
    if (Object.hasOwn(link, method)) owner = link;
  }
  return owner;
}
