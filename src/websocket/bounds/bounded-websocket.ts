import { setImmediate } from 'node:timers';
import type { TokenBucket } from 'limiter';
import { fullBucket } from '../limits/token-bucket.js';
import type { Server } from '../socket.io.js';

/** Pings and pongs of the WebSocket protocol, which only intermediaries and programs send: one in some seconds is usual. */
const PINGS = { burst: 100, perSecond: 10 };
/** How many messages of one WebSocket are dealt with before it is the turn of others. */
const MESSAGES_IN_ONE_TURN = 64;
/** Into how many frames a message may be cut; few who send cut any. */
const MAX_FRAGMENTS = 128;

/** Of `ws`. */
interface WebSocket {
  /** What reads the frames; private to it. */
  readonly _receiver: { _allowSynchronousEvents: boolean } | null;
  /** Answers a ping. */
  pong(...args: unknown[]): void;
  /** Tells of what has come: none has more than two arguments. */
  emit(event: string, one?: unknown, other?: unknown): boolean;
  terminate(): void;
}

/** Of `ws`: its server, and the class of the sockets that it makes. */
interface WebSocketServer {
  options?: { maxFragments?: number; WebSocket?: new (...args: never[]) => WebSocket };
}

/**
 * Bounds what a WebSocket may keep the process busy with. Put where Engine.IO looks for its WebSocket server whenever it
 * begins to listen.
 *
 * - Pings and pongs of the protocol, which are no messages and cost as much. Each ping is answered, by what waits then for
 *   a client that does not read.
 * - The messages that have come in one chunk, thousands at most: after some, `ws` is told to go on in the next turn of the
 *   event loop, as it does of itself after each with the option `allowSynchronousEvents: false`. Nothing is read meanwhile.
 *
 * @param onFlood called when a client that pings too often is disconnected
 */
export function boundWebSockets(engine: Server['engine'], onFlood: () => void): void {
  const Original = engine.opts.wsEngine as new (...args: unknown[]) => WebSocketServer;

  engine.opts.wsEngine = class extends Original {
    constructor(...args: unknown[]) {
      super(...args);
      // Another engine than `ws` may be in its place.
      if (!this.options?.WebSocket) return;
      this.options.maxFragments = MAX_FRAGMENTS;
      this.options.WebSocket = bounded(this.options.WebSocket, onFlood);
    }
  };
}

function bounded(
  Original: new (...args: never[]) => WebSocket,
  onFlood: () => void,
): new (...args: never[]) => WebSocket {
  const turns = new Turns();
  return class extends Original {
    private pings: TokenBucket | undefined;
    private turn = 0;
    private messagesInTurn = 0;

    override pong(...args: unknown[]): void {
      if (this.isOneTooMany()) return;
      super.pong(...args);
    }

    override emit(event: string, one?: unknown, other?: unknown): boolean {
      if (event === 'message') this.countMessage();
      else if (event === 'pong' && this.isOneTooMany()) return false;
      return super.emit(event, one, other);
    }

    private countMessage(): void {
      const turn = turns.current;
      if (this.turn !== turn) {
        if (this.messagesInTurn >= MESSAGES_IN_ONE_TURN) this.goOnAtOnce(true);
        this.turn = turn;
        this.messagesInTurn = 0;
      }
      this.messagesInTurn += 1;
      if (this.messagesInTurn === MESSAGES_IN_ONE_TURN) this.goOnAtOnce(false);
    }

    private goOnAtOnce(isAllowed: boolean): void {
      if (this._receiver) this._receiver._allowSynchronousEvents = isAllowed;
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

/** Tells the turns of the event loop apart. */
class Turns {
  private number = 0;
  private isScheduled = false;

  get current(): number {
    if (!this.isScheduled) {
      this.isScheduled = true;
      setImmediate(this.onNext);
    }
    return this.number;
  }

  private readonly onNext = (): void => {
    this.number += 1;
    this.isScheduled = false;
  };
}
