import { Agent } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { ConnectOptions } from 'nest-realtime-kit/testing';

/** A link to a TCP server that can be cut. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** By this a client of the harness takes the link: `connect(link.client)`. */
  readonly client: Pick<ConnectOptions, 'agent'>;
  /** Ends every connection, and refuses new ones until `restore()`. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** Holds back what the target answers, for so many milliseconds. */
  stallFor(milliseconds: number): void;
  /** Holds back what the target is asked, for so many milliseconds. */
  holdFor(milliseconds: number): void;
  /** Lets nothing pass any more, and tells neither end. */
  silence(): void;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const answers = new Set<Socket>();
  const requests = new Set<Socket>();
  let silent = false;
  const server = createServer((incoming) => {
    const outgoing = connect(target.port, target.host);
    answers.add(outgoing);
    requests.add(incoming);
    for (const socket of [incoming, outgoing]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        if (silent) return;
        incoming.destroy();
        outgoing.destroy();
      });
    }
    if (!silent) incoming.pipe(outgoing).pipe(incoming);
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  const pauseFor = (milliseconds: number, sockets: ReadonlySet<Socket>): void => {
    for (const socket of sockets) socket.pause();
    setTimeout(() => {
      for (const socket of sockets) socket.resume();
    }, milliseconds);
  };
  const stallFor = (milliseconds: number): void => pauseFor(milliseconds, answers);
  const holdFor = (milliseconds: number): void => pauseFor(milliseconds, requests);
  const silence = (): void => {
    silent = true;
    for (const socket of open) socket.unpipe().pause();
  };
  const client = { agent: agentTo(port) };
  return { port, client, cut, stallFor, holdFor, silence, restore: () => listen(port), [Symbol.asyncDispose]: cut };
}

/** An agent whose every connection goes to this port. Socket.IO types the option for browsers, which have no agents. */
function agentTo(port: number): NonNullable<ConnectOptions['agent']> {
  const agent = new Agent();
  Object.assign(agent, { createConnection: () => connect(port, '127.0.0.1') });
  return agent as unknown as NonNullable<ConnectOptions['agent']>;
}
