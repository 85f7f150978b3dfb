import { once } from 'node:events';
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { TeardownError } from '../report/errors.js';

export interface BalancerOptions {
  /**
   * Whether all requests of an Engine.IO session go to the node that began it. Without this, each request goes to the
   * next node in turn, and clients that poll fail with "Session ID unknown".
   *
   * @default true
   */
  sticky?: boolean;
}

/** A load balancer for HTTP and WebSockets in front of nodes. It passes over nodes that do not accept connections. */
export class Balancer implements AsyncDisposable {
  private readonly server = createServer();
  /** The address of the node that began a session, by the session's id. */
  private readonly homes = new Map<string, string>();
  /** The connections of clients. */
  private readonly open = new Set<Socket>();
  private requests = 0;
  private closing: Promise<void> | undefined;

  /** @internal Use `cluster.startBalancer`. */
  constructor(
    private readonly nodes: () => readonly { readonly url: string }[],
    private readonly isSticky: boolean,
    /** Disconnects the clients of the test that connected through it. */
    private readonly disconnectClients: () => Promise<readonly Error[]>,
  ) {
    this.server.on('connection', (client: Socket) => {
      this.open.add(client);
      client.on('close', () => this.open.delete(client));
    });
    this.server.on('request', (incoming, response) => void this.forward(incoming, response));
    this.server.on('upgrade', (incoming, client: Socket, head) => void this.tunnel(incoming, client, head));
  }

  /** @internal */
  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
  }

  /** Its address: `http://127.0.0.1:PORT`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Disconnects the clients that connected through it, and ends it. Further calls return the same promise. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async closeOnce(): Promise<void> {
    const problems = await this.disconnectClients();
    const closed = once(this.server.close(), 'close');
    for (const client of this.open) client.destroy();
    await closed;
    if (problems.length > 0) throw new TeardownError('The clients of a balancer', problems);
  }

  private async forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = queryOf(incoming);
    const node = await this.dial(query.get('sid'));
    if (!node) return void response.writeHead(502).end();
    if (response.destroyed) return void node.socket.destroy();
    const { method, url: path, headers } = incoming;
    const outgoing = sendRequest({ method, path, headers, createConnection: () => node.socket });
    outgoing.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
    const [answer] = (await once(outgoing, 'response').catch(() => [])) as [IncomingMessage?];
    if (!answer) return;
    response.writeHead(answer.statusCode!, answer.rawHeaders);
    if (query.has('sid') || !query.has('EIO')) return void answer.pipe(response);
    // The first answer of a session has its id, which must be known before the client uses it.
    const body = await buffer(answer).catch(() => undefined);
    const [, begun] = /"sid":"([^"]+)"/.exec(String(body)) ?? [];
    if (begun !== undefined) this.homes.set(begun, node.url);
    response.end(body);
  }

  private async tunnel(incoming: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    client.on('error', () => {});
    const node = await this.dial(queryOf(incoming).get('sid'));
    if (!node) return void client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    const { method, url, rawHeaders } = incoming;
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
    node.socket.write(`${[`${method} ${url} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`);
    node.socket.write(head);
    for (const [end, other] of [
      [client, node.socket],
      [node.socket, client],
    ] as const) {
      end.setNoDelay();
      end.pipe(other);
      end.on('close', () => other.destroy());
    }
    if (client.destroyed) node.socket.destroy();
  }

  /** The address of the node of a session, as long as it accepts connections, and then those of the nodes in turn. */
  private candidates(session: string | null): readonly string[] {
    const urls = this.nodes().map(({ url }) => url);
    const home = this.isSticky && session !== null ? this.homes.get(session) : undefined;
    if (home !== undefined) return [home, ...urls];
    const first = (this.requests += 1) - 1;
    return urls.map((_, index) => urls[(first + index) % urls.length]!);
  }

  /** Connects to the first candidate that accepts. */
  private async dial(session: string | null): Promise<{ url: string; socket: Socket } | undefined> {
    for (const url of this.candidates(session)) {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      try {
        await once(socket, 'connect');
        return { url, socket };
      } catch {
        // The next node may accept it.
      }
    }
    return undefined;
  }
}

/** In requests of Engine.IO, `EIO` is its protocol, and `sid` is the id of the session, which the first one lacks. */
function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const [, query] = url.split('?');
  return new URLSearchParams(query);
}
