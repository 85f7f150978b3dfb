import type { IncomingMessage } from 'node:http';
import type { Server } from '../../websocket/index.js';

/** This header links a refused handshake to a client. Only Node's clients can send it. */
export const CONNECT_HEADER = 'x-test-connect';

/** What the clients of a crowd send in it, each the same: the name of their crowd. */
const CROWD = 'crowd=';

/** The value of `CONNECT_HEADER` for the clients of a crowd. */
export function crowdHeader(name: string): string {
  return `${CROWD}${Buffer.from(name).toString('base64url')}`;
}

/** Why the HTTP handshake of a connection was refused, as Engine.IO's `connection_error` reports it. */
export interface HandshakeRefusal {
  req?: IncomingMessage;
  message: string;
  context?: { name?: string; message?: string };
}

/** The refused HTTP handshakes, by the id that the client sent in `CONNECT_HEADER`. */
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

  /** Returns the refusal of a client's handshake, and forgets it. */
  take(id: string): HandshakeRefusal | undefined {
    const refusal = this.refusals.get(id);
    this.refusals.delete(id);
    return refusal;
  }

  /** The name of the crowd to which the client of this handshake belongs. */
  crowdOf(request: IncomingMessage): string | undefined {
    const id = this.ids.get(request);
    if (!id?.startsWith(CROWD)) return undefined;
    // Any client may send anything in it.
    return Buffer.from(id.slice(CROWD.length), 'base64url').toString() || undefined;
  }

  /** Removes the header from a request, so that the app sees the same as in production. @returns the header's value */
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
