import { clearTimeout, setTimeout } from 'node:timers';
import type { TokenBucket } from 'limiter';
import type { ResolvedLimits } from '../limits.options.js';
import { fullBucket, hasTokens, timeUntilTokens } from '../token-bucket.js';
import type { ReadTurns } from './read-turns.js';

/** Waits are no shorter, so that a timer serves many messages. In milliseconds. */
const SHORTEST_WAIT = 5;
/** A connection that has kept within its rates for so long starts anew. In milliseconds. */
const FORGIVEN_AFTER = 1_000;

/** What the messages of a connection are read from. */
export interface Source {
  pause(): void;
  resume(): void;
}

export interface GateListener {
  /** How long it may be until {@link onPaused} is called again, in milliseconds. */
  readonly longestWait: number;
  /** Nothing more is read for a while. */
  onPause(): void;
  /** It goes on: called from time to time while nothing, or little, is read. */
  onPaused(): void;
  /** The connection has sent faster than it may. */
  onOverRate(): void;
  onResume(wasOverRate: boolean): void;
  /** The connection has sent faster than it may for too long. */
  onOverRateForTooLong(): void;
}

/** What has come while the connection is not read: a chunk at most, since reading has stopped. */
interface Held {
  readonly bytes: number;
  readonly deliver: () => void;
}

/** A time in which a connection is not read. */
interface Pause {
  held: Held[];
  /** The index of the first that was not delivered. */
  next: number;
  bytes: number;
  readonly waiting: (() => void)[];
  timer: NodeJS.Timeout | undefined;
  isQueued: boolean;
  isOverRate: boolean;
}

/**
 * Paces what one connection sends, before anything looks at it. A connection that sends too fast is not read until it may
 * send again, so that its own TCP connection fills up and slows it down; what was read by then is held. Nothing is lost,
 * refused or reordered.
 */
export class ReadGate {
  /** Of {@link ReadTurns}: in which turn how many messages were admitted. */
  turn = 0;
  admittedInTurn = 0;
  private source: Source | undefined;
  private pause: Pause | undefined;
  private blocks = 0;
  private messages: TokenBucket | undefined;
  private bytes: TokenBucket | undefined;
  /** When it has tokens again, after the last time it had none. */
  private dryUntil = -Infinity;
  private overRateSince = 0;
  private closed = false;

  constructor(
    private readonly turns: ReadTurns,
    private readonly limits: ResolvedLimits,
    private readonly listener: GateListener,
  ) {}

  get isPaused(): boolean {
    return this.pause !== undefined;
  }

  /** Whether the connection is gone: nothing that it has sent is of interest any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  get heldBytes(): number {
    return this.pause?.bytes ?? 0;
  }

  /** What is to be read from now on: a polling connection has a WebSocket when it was upgraded. */
  readFrom(source: Source): void {
    this.source = source;
    if (this.pause) source.pause();
  }

  /** Whether a message that has come may be dealt with at once; it is counted then. If not, it is to be held. */
  admits(bytes: number): boolean {
    if (this.closed) return true;
    if (this.pause || !this.hasTokens || !this.turns.admits(this)) return false;
    this.charge(1, bytes);
    return true;
  }

  /** Keeps something that has come until it is its turn. */
  hold(bytes: number, deliver: () => void): void {
    const pause = this.begin();
    pause.held.push({ bytes, deliver });
    pause.bytes += bytes;
    this.goOn();
  }

  /** Counts a message that has turned out to be as much work as several. */
  charge(messages: number, bytes = 0): void {
    const { messageRate, byteRate } = this.limits;
    if (messageRate) (this.messages ??= fullBucket(messageRate)).content -= messages;
    if (byteRate && bytes > 0) (this.bytes ??= fullBucket(byteRate)).content -= bytes;
  }

  /** Has nothing more read until {@link unblock} was called as often. */
  block(): void {
    if (this.closed) return;
    this.blocks += 1;
    this.begin();
    this.goOn();
  }

  unblock(): void {
    this.blocks = Math.max(0, this.blocks - 1);
    this.goOn();
  }

  /** Lets everything else that has come wait for the next turn of the event loop. */
  endTurn(): void {
    if (this.closed || this.pause) return;
    this.begin();
    this.enqueue();
  }

  /** Calls back when the connection is read again, or is gone. */
  whenOpen(callback: () => void): void {
    if (this.pause) this.pause.waiting.push(callback);
    else callback();
  }

  /** The connection is gone. */
  close(): void {
    this.closed = true;
    this.end();
  }

  /** Of {@link ReadTurns}: delivers so many of what is held. @returns how many it were */
  deliver(most: number): number {
    const { pause } = this;
    if (!pause) return 0;
    pause.isQueued = false;
    let delivered = 0;
    try {
      while (delivered < most && this.pause === pause && this.hasDue) {
        const { bytes, deliver } = pause.held[pause.next]!;
        pause.next += 1;
        pause.bytes -= bytes;
        delivered += 1;
        this.charge(1, bytes);
        deliver();
      }
    } finally {
      if (pause.next > pause.held.length / 2) {
        pause.held = pause.held.slice(pause.next);
        pause.next = 0;
      }
      if (this.pause === pause) this.goOn();
    }
    if (this.pause) this.listener.onPaused();
    return delivered;
  }

  private get hasTokens(): boolean {
    return hasTokens(this.messages) && hasTokens(this.bytes);
  }

  private get hasDue(): boolean {
    const { pause } = this;
    return pause !== undefined && pause.next < pause.held.length && this.blocks === 0 && this.hasTokens;
  }

  private begin(): Pause {
    if (this.pause) return this.pause;
    this.pause = {
      held: [],
      next: 0,
      bytes: 0,
      waiting: [],
      timer: undefined,
      isQueued: false,
      isOverRate: false,
    };
    this.source?.pause();
    this.listener.onPause();
    return this.pause;
  }

  private end(): void {
    const { pause } = this;
    if (!pause) return;
    this.pause = undefined;
    clearTimeout(pause.timer);
    this.source?.resume();
    this.listener.onResume(pause.isOverRate);
    for (const callback of pause.waiting) callback();
  }

  private goOn(): void {
    const { pause } = this;
    if (!pause) return;
    if (this.hasDue) this.enqueue();
    else if (this.blocks > 0) this.wait(this.listener.longestWait);
    else if (pause.next < pause.held.length) this.runDry(pause);
    else this.end();
  }

  private enqueue(): void {
    const { pause } = this;
    if (!pause || pause.isQueued) return;
    pause.isQueued = true;
    this.turns.enqueue(this);
  }

  private runDry(pause: Pause): void {
    const now = performance.now();
    if (now > this.dryUntil + FORGIVEN_AFTER) this.overRateSince = now;
    const wait = Math.min(
      this.listener.longestWait,
      Math.max(SHORTEST_WAIT, timeUntilTokens(this.messages), timeUntilTokens(this.bytes)),
    );
    this.dryUntil = now + wait;
    if (!pause.isOverRate) {
      pause.isOverRate = true;
      this.listener.onOverRate();
    }
    if (now - this.overRateSince > this.limits.maxTimeOverRate) this.listener.onOverRateForTooLong();
    else this.wait(wait);
  }

  private wait(milliseconds: number): void {
    const { pause } = this;
    if (!pause || pause.timer) return;
    pause.timer = setTimeout(() => {
      pause.timer = undefined;
      this.listener.onPaused();
      this.goOn();
    }, milliseconds).unref();
  }
}
