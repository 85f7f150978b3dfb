import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { textOf } from '../errors/report-error.js';
import type { ServerOptions } from '../socket-io/socket.io.js';
import { GatewayOptionsError } from './gateways.js';

/** The port that a gateway declares cannot be opened. Thrown when the app boots. `cause` is the error of the system. */
export class GatewayPortError extends Error {
  override readonly name = 'GatewayPortError';

  constructor(
    readonly port: number,
    cause: unknown,
  ) {
    super(
      `The port ${port} that a gateway declares cannot be listened on: ${textOf(cause)}. ` +
        'Free it, or have the gateway declare another; without a port it is served on that of the app.',
      { cause },
    );
  }
}

/** The ports and paths of an app's servers. Two servers in one place would both handle the same requests. */
export class ServerRegistry {
  private readonly paths = new Map<number, readonly string[]>();
  private readonly own: HttpServer[] = [];
  private readonly opening: Promise<unknown>[] = [];

  /** @throws GatewayOptionsError when another server is already there */
  claim(port: number, { path = '/socket.io', addTrailingSlash = true }: ServerOptions): void {
    const claimed = path.replace(/\/$/, '') + (addTrailingSlash ? '/' : '');
    const others = this.paths.get(port) ?? [];
    const other = others.find((one) => port !== 0 || one.startsWith(claimed) || claimed.startsWith(one));
    if (other !== undefined) {
      throw new GatewayOptionsError(
        `Two Socket.IO servers would be in one place, at "${other}" and "${claimed}"${port ? ` on port ${port}` : ''}. ` +
          'The option "path" of WebsocketModule goes before the paths that gateways declare: leave it out, or them. ' +
          "No path may be within another, and a port of a gateway's own has one path.",
      );
    }
    this.paths.set(port, [...others, claimed]);
  }

  /** Registers the server of a gateway's own port. It is unref'ed until the app has started, which may fail. */
  expect(httpServer: HttpServer, port: number): void {
    this.own.push(httpServer.unref());
    const listening = once(httpServer, 'listening').catch((error: unknown) => {
      throw new GatewayPortError(port, error);
    });
    // `opened` reports it later.
    listening.catch(() => {});
    this.opening.push(listening);
  }

  /** @throws GatewayPortError when a port cannot be opened */
  async opened(): Promise<void> {
    await Promise.all(this.opening);
    for (const httpServer of this.own) httpServer.ref();
  }

  /** Called if the app fails to start. */
  close(): void {
    for (const httpServer of this.own) {
      httpServer.close();
      httpServer.closeAllConnections();
    }
  }
}
