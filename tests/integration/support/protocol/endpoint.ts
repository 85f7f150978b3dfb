import { once, type EventEmitter } from 'node:events';
import { request, type Server as HttpServer, type IncomingMessage, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestApp } from 'nest-realtime-kit/testing';

export interface Reply {
  status: number;
  body: string;
}

export interface RequestInit extends Pick<RequestOptions, 'method' | 'signal'> {
  body?: string;
}

/** Where an app serves Engine.IO, spoken to by hand. */
export class Endpoint {
  private readonly http: HttpServer;

  constructor(private readonly app: Pick<TestApp, 'io' | 'nest' | 'url'>) {
    this.http = app.nest.getHttpServer() as HttpServer;
    // Each request that is waited for is listened for.
    this.http.setMaxListeners(0);
  }

  /**
   * Makes a request, on a connection of its own: one that is kept would outlive its test.
   *
   * @param query beside `EIO`, which is the current version unless given
   */
  async request(query: Record<string, string>, { body, ...init }: RequestInit = {}): Promise<Reply> {
    const sent = request(this.app.url + this.pathWith(query), { ...init, agent: false }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode!, body: await text(response) };
  }

  /** The address for a WebSocket; the query as for `request`. */
  webSocketUrl(query: Record<string, string>): string {
    return this.app.url.replace('http', 'ws') + this.pathWith({ transport: 'websocket', ...query });
  }

  /** Resolves when a request of this method for the session has come in, and Engine.IO knows of it. */
  arrival(sid: string, method: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (incoming: IncomingMessage): void => {
        if (incoming.method !== method || !incoming.url?.includes(`sid=${sid}`)) return;
        this.http.off('request', look);
        resolve();
      };
      this.http.on('request', look);
    });
  }

  /** Resolves when the server has closed the session, with Engine.IO's reason. */
  closing(sid: string): Promise<string> {
    const { clients } = this.app.io.engine as unknown as { clients: Record<string, EventEmitter> };
    return new Promise((resolve) => {
      clients[sid]!.once('close', resolve);
    });
  }

  private pathWith(query: Record<string, string>): string {
    const { EIO = '4', ...others } = query;
    return `${this.app.io.path()}/?${new URLSearchParams({ ...(EIO && { EIO }), ...others }).toString()}`;
  }
}
