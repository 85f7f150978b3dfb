import { WebsocketOptionsError } from '../option-rules.js';
import type { Server } from '../socket.io.js';
import type { ReadGate } from './read-gate.js';

/** Of the WebSocket protocol: a message is too large. */
const MESSAGE_TOO_BIG = 1009;
/** Of `ws`: the error of a message beyond `maxPayload`. */
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** Of `ws`. */
interface WebSocket {
  emit(event: string, one?: unknown, other?: unknown): boolean;
  pong(data: unknown, mask: boolean, onSent: () => void): void;
  close(code?: number, reason?: string): void;
  pause(): void;
  resume(): void;
  readonly readyState: number;
  /** Private to it: reads the frames, and knows how large the one is that comes. */
  readonly _receiver: { readonly _totalPayloadLength?: number } | null;
}

type WebSocketClass = new (...args: never[]) => WebSocket;

/** Of `ws`: its server. */
interface WebSocketServer {
  options?: { WebSocket?: WebSocketClass; autoPong?: boolean };
}

/** A WebSocket whose messages pass a gate. */
export interface PacedWebSocket extends WebSocket {
  /** Has it pass this gate; its connection may have another before. */
  passThrough(gate: ReadGate): void;
}

/** What is done about WebSockets that have no connection of Engine.IO's yet, and about messages that are too large. */
export interface WebSocketListener {
  newGate(): ReadGate;
  /** @param size in bytes, where it is known */
  onTooLarge(size: number | undefined): void;
  /** What a client is told of it. */
  readonly tooLarge: string;
}

/**
 * Has every WebSocket of a server pass a gate: messages, and pings of the WebSocket protocol, whose answers cost as much.
 * Put where Engine.IO looks for its WebSocket server whenever it begins to listen.
 *
 * @throws WebsocketOptionsError where the option `wsEngine` has a server whose WebSockets cannot be paused
 */
export function paceWebSockets(engine: Server['engine'], listener: WebSocketListener): void {
  const Original = engine.opts.wsEngine as new (...args: unknown[]) => WebSocketServer;
  const { ws } = engine as unknown as { ws?: WebSocketServer };
  if (ws && typeof (ws.options?.WebSocket?.prototype as Partial<WebSocket> | undefined)?.pause !== 'function') {
    throw new WebsocketOptionsError(
      'wsEngine',
      Original,
      'a WebSocket server whose WebSockets have pause() and resume(), as those of "ws" 8 have',
    );
  }
  engine.opts.wsEngine = class extends Original {
    constructor(...args: unknown[]) {
      super(...args);
      const { options } = this;
      if (!options?.WebSocket) return;
      options.WebSocket = paced(options.WebSocket, listener);
      // A ping is answered when it is its turn.
      options.autoPong = false;
    }
  };
}

function paced(Original: WebSocketClass, listener: WebSocketListener): WebSocketClass {
  return class extends Original implements PacedWebSocket {
    private gate: ReadGate | undefined;

    passThrough(gate: ReadGate): void {
      // What waits at another gate comes first.
      if (this.gate?.isPaused) return;
      this.gate = gate;
      gate.readFrom(this);
    }

    override emit(event: string, one?: unknown, other?: unknown): boolean {
      const gate = this.gate ?? this.ownGate();
      if (event === 'message' || event === 'ping' || event === 'pong') {
        if (gate.isClosed) return false;
        const bytes = sizeOf(one);
        if (gate.admits(bytes)) return this.tell(event, one, other);
        gate.hold(bytes, () => this.tell(event, one, other));
        return true;
      }
      // The end comes behind what was sent before it.
      if (gate.isPaused && (event === 'close' || event === 'error')) {
        gate.hold(0, () => this.tell(event, one, other));
        return true;
      }
      return this.tell(event, one, other);
    }

    override close(code?: number, reason?: string): void {
      super.close(code, reason ?? (code === MESSAGE_TOO_BIG ? listener.tooLarge : undefined));
    }

    private tell(event: string, one: unknown, other: unknown): boolean {
      if (event === 'ping' && this.readyState === 1) this.pong(one, false, ignore);
      if (event === 'error' && (one as { code?: unknown }).code === TOO_LARGE)
        listener.onTooLarge(this._receiver?._totalPayloadLength);
      return super.emit(event, one, other);
    }

    private ownGate(): ReadGate {
      this.gate = listener.newGate();
      this.gate.readFrom(this);
      return this.gate;
    }
  };
}

function sizeOf(data: unknown): number {
  return (data as { byteLength?: number } | undefined)?.byteLength ?? 0;
}

function ignore(): void {}
