import type { TokenBucket } from 'limiter';
import { fullBucket } from '../limits/token-bucket.js';
import type { Server } from '../socket.io.js';

/** Pings of the WebSocket protocol, which only intermediaries and programs send: one in some seconds is usual. */
const PINGS = { burst: 100, perSecond: 10 };

/** Of `ws`. */
interface WebSocket {
  pong(...args: unknown[]): void;
  terminate(): void;
}

/** Of `ws`: its server, and the class of the sockets that it makes. */
interface WebSocketServer {
  options?: { WebSocket?: new (...args: never[]) => WebSocket };
}

/**
 * Bounds the pings of the WebSocket protocol: each is answered, by what waits then for a client that does not read. Put
 * where Engine.IO looks for its WebSocket server whenever it begins to listen; what a connection costs stays the same.
 *
 * @param onFlood called when a client that pings too often is disconnected
 */
export function boundPings(engine: Server['engine'], onFlood: () => void): void {
  const Original = engine.opts.wsEngine as new (...args: unknown[]) => WebSocketServer;

  engine.opts.wsEngine = class extends Original {
    constructor(...args: unknown[]) {
      super(...args);
      // Another engine than `ws` may be in its place.
      if (this.options?.WebSocket)
        this.options.WebSocket = answeringInBounds(this.options.WebSocket, onFlood);
    }
  };
}

function answeringInBounds(
  Original: new (...args: never[]) => WebSocket,
  onFlood: () => void,
): new (...args: never[]) => WebSocket {
  return class extends Original {
    private pings: TokenBucket | undefined;

    override pong(...args: unknown[]): void {
      this.pings ??= fullBucket(PINGS);
      if (this.pings.tryRemoveTokens(1)) {
        super.pong(...args);
        return;
      }
      this.terminate();
      onFlood();
    }
  };
}
