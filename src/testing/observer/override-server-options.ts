import type { ServerOptions } from '../../websocket/index.js';
import { patch } from './patch.js';

type CreateIoServer = (port: number, options?: object) => unknown;

/**
 * Creates a Socket.IO server with options that override the app's. These may come from a gateway's decorator, or from a
 * subclass of `IoAdapter` that adds them before `super.createIOServer`. So the method of the adapter's topmost class is
 * patched during the call.
 */
export function overrideServerOptions<T>(
  adapter: object,
  { port, options }: { port?: number; options: Partial<ServerOptions> },
  create: () => T,
): T {
  const owner = topmostOwner(adapter, 'createIOServer');
  if (!owner) return create();
  const createIoServer = (owner as { createIOServer: CreateIoServer }).createIOServer;
  const restore = patch(owner, 'createIOServer', function (this: object, asked: number, given?: object) {
    return createIoServer.call(this, port ?? asked, { ...given, ...options });
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
