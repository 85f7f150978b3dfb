import type { TokenBucket } from 'limiter';
import { fullBucket } from '../limits/token-bucket.js';
import type { Server } from '../socket.io.js';

/** Pings and pongs of the WebSocket protocol, which only intermediaries and programs send: one in some seconds is usual. */
const PINGS = { burst: 100, perSecond: 10 };

/** Of `ws`. */
interface WebSocket {
  /** Answers a ping. */
  pong(...args: unknown[]): void;
  /** Tells of what has come: none has more than two arguments. */
  emit(event: string, one?: unknown, other?: unknown): boolean;
  terminate(): void;
}

/** Of `ws`: its server, and the class of the sockets that it makes. */
interface WebSocketServer {
  options?: { WebSocket?: new (...args: never[]) => WebSocket };
}

/**
 * Bounds the pings and pongs of the WebSocket protocol: they are no messages, and cost as much. Each ping is answered, by
 * what waits then for a client that does not read. Put
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
      if (this.isOneTooMany()) return;
      super.pong(...args);
    }

    override emit(event: string, one?: unknown, other?: unknown): boolean {
      if (event === 'pong' && this.isOneTooMany()) return false;
      return super.emit(event, one, other);
    }

    private isOneTooMany(): boolean {
      this.pings ??= fullBucket(PINGS);
      if (this.pings.tryRemoveTokens(1)) return false;
      this.terminate();
      onFlood();
      return true;
    }
  };
}
