import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Link, type LinkIdentity } from './link.js';
import { tcpAddressOf } from './tcp-address.js';

/**
 * Opens a link in front of a TCP server, such as Redis. A client that connects to the link's `url` gets connected to
 * the server, with the faults that a test injects.
 *
 * @param url the server's address
 * @param identity how the timeline and failures call it
 */
export async function openLink(url: string, identity: Partial<LinkIdentity> = {}): Promise<TcpLink> {
  const { host, port } = tcpAddressOf(url);
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connectToServer = (): Socket => connect({ host, port, allowHalfOpen: true, noDelay: true });
  return new TcpLink({ subject: `the link to ${host}:${port}`, ...identity }, url, server, connectToServer);
}

/** A link in front of a TCP server. Close it with `close()`, or declare it with `await using`. */
export class TcpLink extends Link implements AsyncDisposable {
  /** The server's URL, with the host and the port of the link. */
  readonly url: string;
  readonly port: number;
  private readonly clients = new Set<Socket>();

  /** @internal Use `openLink`. */
  constructor(
    identity: LinkIdentity,
    url: string,
    private readonly server: Server,
    connectToServer: () => Socket,
  ) {
    super(identity);
    this.port = (server.address() as AddressInfo).port;
    this.url = Object.assign(new URL(url), { host: `127.0.0.1:${this.port}` }).href;
    server.on('connection', (client: Socket) => {
      this.clients.add(client);
      client.on('error', () => {});
      client.on('close', () => this.clients.delete(client));
      try {
        forward(client, this.open(connectToServer));
      } catch {
        // The link keeps its port while it is cut, so that no other process can take it.
        client.resetAndDestroy();
      }
    });
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.sever();
    for (const client of this.clients) client.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function forward(client: Socket, server: Duplex): void {
  client.pipe(server).pipe(client);
  client.on('close', () => server.destroy());
  server.on('error', () => client.resetAndDestroy());
  server.on('close', () => client.destroySoon());
}
