import type { EventEmitter } from 'node:events';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { TestApp } from 'nest-realtime-kit/testing';

export interface Reply {
  status: number;
  body: string;
}

/** Where an app serves Engine.IO, spoken to by hand. */
export class Endpoint {
  private readonly http: HttpServer;

  constructor(private readonly app: TestApp) {
    this.http = app.nest.getHttpServer() as HttpServer;
  }

  /** @param query beside `EIO`, which is the current version unless given */
  async request(query: Record<string, string>, init?: RequestInit): Promise<Reply> {
    const response = await fetch(this.app.url + this.pathWith(query), init);
    return { status: response.status, body: await response.text() };
  }

  /** The address for a WebSocket; the query as for `request`. */
  webSocketUrl(query: Record<string, string>): string {
    return this.app.url.replace('http', 'ws') + this.pathWith({ transport: 'websocket', ...query });
  }

  /** Resolves when a request of this method for the session has come in, and Engine.IO knows of it. */
  arrival(sid: string, method: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (request: IncomingMessage): void => {
        if (request.method !== method || !request.url?.includes(`sid=${sid}`)) return;
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
