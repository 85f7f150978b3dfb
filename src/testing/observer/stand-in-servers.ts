import { createServer, type Server as HttpServer } from 'node:http';

/**
 * HTTP servers on free ports, in the place of those on the ports that gateways declare. An adapter attaches the Socket.IO
 * server for port 0 to the HTTP server that it holds: for the moment of the call it is lent another.
 */
export class StandInServers {
  private readonly servers = new Map<number, HttpServer>();

  lend<T>(adapter: object, port: number, create: () => T): T {
    const httpServer = this.servers.get(port) ?? createServer();
    const held = Object.getOwnPropertyDescriptor(adapter, 'httpServer');
    Object.defineProperty(adapter, 'httpServer', { configurable: true, value: httpServer });
    try {
      const created = create();
      if (!this.servers.has(port)) httpServer.listen(0, '127.0.0.1');
      this.servers.set(port, httpServer);
      return created;
    } finally {
      if (held) Object.defineProperty(adapter, 'httpServer', held);
      else Reflect.deleteProperty(adapter, 'httpServer');
    }
  }
}
