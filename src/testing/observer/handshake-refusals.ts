import type { IncomingMessage } from 'node:http';
import type { Server } from '../../websocket/index.js';

/** By this header, which Node's clients alone can send, a refused handshake is known to be a certain client's. */
export const CONNECT_HEADER = 'x-test-connect';

/** Why the HTTP handshake of a connection was refused, as Engine.IO's `connection_error` tells it. */
export interface HandshakeRefusal {
  req?: IncomingMessage;
  message: string;
  context?: { name?: string; message?: string };
}

/** The HTTP handshakes that were refused, by the id that the client has sent in `CONNECT_HEADER`. */
export class HandshakeRefusals {
  private readonly refusals = new Map<string, HandshakeRefusal>();
  private readonly ids = new WeakMap<IncomingMessage, string>();

  observe({ engine }: Server): void {
    engine.use((request: IncomingMessage, _response: unknown, next: () => void) => {
      this.takeHeader(request);
      next();
    });
    engine.on('connection_error', (refusal: HandshakeRefusal) => {
      const id = refusal.req && (this.takeHeader(refusal.req) ?? this.ids.get(refusal.req));
      if (id !== undefined) this.refusals.set(id, refusal);
    });
  }

  /** What is known of a client's handshake; from then on it is not. */
  take(id: string): HandshakeRefusal | undefined {
    const refusal = this.refusals.get(id);
    this.refusals.delete(id);
    return refusal;
  }

  /** Takes the header off a request, so that the app sees what it does in production. @returns what it was */
  private takeHeader(request: IncomingMessage): string | undefined {
    const { headers, rawHeaders } = request;
    const id = headers[CONNECT_HEADER];
    if (typeof id !== 'string') return undefined;
    delete headers[CONNECT_HEADER];
    const place = rawHeaders.findIndex((name) => name.toLowerCase() === CONNECT_HEADER);
    rawHeaders.splice(place, place < 0 ? 0 : 2);
    this.ids.set(request, id);
    return id;
  }
}
