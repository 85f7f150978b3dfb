import { createServer, type Server as HttpServer } from 'node:http';

/**
 * HTTP servers on free ports, instead of the ports that gateways declare. An adapter attaches the Socket.IO server for
 * port 0 to its own HTTP server, so it gets another HTTP server during the call.
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
