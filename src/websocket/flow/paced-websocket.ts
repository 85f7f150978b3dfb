import { frameOf } from '../socket-io/websocket-frame.js';
import { webSocketServerOf, type OnSent, type WebSocket } from '../socket-io/engine-internals.js';
import { WebsocketOptionsError } from '../options/option-rules.js';
import type { Server } from '../socket-io/socket.io.js';
import type { ConnectionFlow } from './connection-flow.js';

/** The WebSocket close code for a message that is too large. */
const MESSAGE_TOO_BIG = 1009;
/** The error code of `ws` for a message larger than `maxPayload`. */
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';

type WebSocketClass = new (...args: never[]) => WebSocket;

interface WebSocketServer {
  options?: { WebSocket?: WebSocketClass; autoPong?: boolean };
}

/** A WebSocket whose messages are paced once it has a flow. */
export interface PacedWebSocket extends WebSocket {
  flow: ConnectionFlow | undefined;
}

/**
 * Paces the WebSockets of a server: their messages, and WebSocket pings, because an answer costs as much as a message.
 * It replaces `wsEngine`, from which Engine.IO creates its WebSocket server each time that it begins to listen.
 *
 * @param tooLarge the close reason for a message that is too large
 * @param onTooLarge called with the size of such a message in bytes, if it is known
 * @throws WebsocketOptionsError if the option `wsEngine` has a server whose WebSockets cannot be paused
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
    // A subclass or a wrapper of `send` may trace or count messages, so only the `send` of `ws` itself is bypassed.
    const own: unknown = Reflect.get(Plain.prototype as object, 'send');
    const direct = String(own).includes('this._sender.send(') ? own : undefined;
    return class extends Plain implements PacedWebSocket {
      flow: ConnectionFlow | undefined;

      override emit(event: string, one?: unknown, other?: unknown): boolean {
        const { flow } = this;
        const isEnd = event === 'close' || event === 'error';
        const isMessage = event === 'message' || event === 'ping' || event === 'pong';
        // Nothing handles pings and pongs before an upgrade, or anything after the end.
        if (isMessage && (flow ? flow.isClosed : event !== 'message')) return false;
        const bytes = isMessage ? ((one as Partial<Buffer>).byteLength ?? 0) : 0;
        // The end waits for the messages that were sent before it.
        if (!flow || (isMessage ? flow.admits(bytes) : !isEnd || !flow.isPaused)) return this.tell(event, one, other);
        flow.hold(bytes, () => this.tell(event, one, other));
        return true;
      }

      /** Engine.IO calls this for each packet. */
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
      // `tell()` answers pings in their turn, so `ws` must not answer them.
      if (this.options?.WebSocket)
        Object.assign(this.options, { WebSocket: paced(this.options.WebSocket), autoPong: false });
    }
  };
}
