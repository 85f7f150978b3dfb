import { frameOf } from '../socket-io/coalesced-writes.js';
import { webSocketServerOf, type WebSocket as EngineWebSocket } from '../socket-io/engine-internals.js';
import { WebsocketOptionsError } from '../options/option-rules.js';
import type { Server } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';

/** Of the WebSocket protocol: a message is too large. */
const MESSAGE_TOO_BIG = 1009;
/** Of `ws`: the error of a message beyond `maxPayload`. */
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

/** What of a WebSocket of `ws` is used here. */
interface WebSocket extends EngineWebSocket {
  emit(event: string, one?: unknown, other?: unknown): boolean;
  pong(data: unknown, mask: boolean, onSent: OnSent): void;
  /** What it has negotiated, such as compression. */
  readonly extensions: string;
  send(data: unknown, options?: unknown, onSent?: OnSent): void;
}

type OnSent = (error?: Error | null) => void;

type WebSocketClass = new (...args: never[]) => WebSocket;

/** Of `ws`: its server. */
interface WebSocketServer {
  options?: { WebSocket?: WebSocketClass; autoPong?: boolean };
}

/** A WebSocket whose messages are paced once it has a connection. */
export interface PacedWebSocket extends WebSocket {
  flow: ConnectionFlow | undefined;
}

/**
 * Has the WebSockets of a server paced: messages, and pings of the WebSocket protocol, whose answers cost as much. Put where
 * Engine.IO looks for its WebSocket server whenever it begins to listen.
 *
 * @param tooLarge what a client is told of a message that is too large
 * @param onTooLarge called with the size of one, in bytes, where it is known
 * @throws WebsocketOptionsError where the option `wsEngine` has a server whose WebSockets cannot be paused
 */
export function paceWebSockets(
  engine: Server['engine'],
  tooLarge: string,
  onTooLarge: (size: number | undefined) => void,
): void {
  const Original = engine.opts.wsEngine as new (...args: unknown[]) => WebSocketServer;
  const ws = webSocketServerOf(engine) as WebSocketServer | undefined;
  if (ws && typeof (ws.options?.WebSocket?.prototype as Partial<WebSocket> | undefined)?.pause !== 'function') {
    throw new WebsocketOptionsError(
      'wsEngine',
      Original,
      'a WebSocket server whose WebSockets have pause() and resume(), as those of "ws" 8 have',
    );
  }

  const paced = (Plain: WebSocketClass): WebSocketClass => {
    // Whoever traces or counts what is sent, by a class of its own or by wrapping this method, is to have all of it.
    const own: unknown = Reflect.get(Plain.prototype as object, 'send');
    const direct = String(own).includes('this._sender.send(') ? own : undefined;
    return class extends Plain implements PacedWebSocket {
      flow: ConnectionFlow | undefined;

      override emit(event: string, one?: unknown, other?: unknown): boolean {
        const { flow } = this;
        const isEnd = event === 'close' || event === 'error';
        const isMessage = event === 'message' || event === 'ping' || event === 'pong';
        // What comes before an upgrade, or after the end, is nobody's.
        if (isMessage && (flow ? flow.isClosed : event !== 'message')) return false;
        const bytes = isMessage ? ((one as Partial<Buffer>).byteLength ?? 0) : 0;
        // The end comes behind what was sent before it.
        if (!flow || (isMessage ? flow.admits(bytes) : !isEnd || !flow.isPaused)) return this.tell(event, one, other);
        flow.hold(bytes, () => this.tell(event, one, other));
        return true;
      }

      /** Of Engine.IO: sends one packet. */
      override send(data: unknown, options?: unknown, onSent?: OnSent): void {
        const isPlain =
          super.send === direct && typeof options === 'function' && this.readyState === 1 && this.extensions === '';
        const frame = isPlain && typeof data === 'string' ? frameOf(data) : undefined;
        if (frame === undefined) super.send(data, options, onSent);
        else this._socket!.write(frame, 'latin1', options as OnSent);
      }

      override close(code?: number, reason?: string): void {
        super.close(code, reason ?? (code === MESSAGE_TOO_BIG ? tooLarge : undefined));
      }

      private tell(event: string, one: unknown, other: unknown): boolean {
        if (event === 'ping' && this.readyState === 1) this.pong(one, false, () => {});
        if (event === 'error' && (one as { code?: unknown }).code === TOO_LARGE)
          onTooLarge(this._receiver?._totalPayloadLength);
        return super.emit(event, one, other);
      }
    };
  };

  engine.opts.wsEngine = class extends Original {
    constructor(...args: unknown[]) {
      super(...args);
      // A ping is answered when it is its turn.
      if (this.options?.WebSocket)
        Object.assign(this.options, { WebSocket: paced(this.options.WebSocket), autoPong: false });
    }
  };
}
