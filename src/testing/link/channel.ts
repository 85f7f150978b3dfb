import { clearTimeout, now, setTimeout } from '../timing/real-time.js';
import type { StreamFaults } from './stream-faults.js';

/** What passes after the last byte: it ends or closes the other side. */
type Ending = () => void;

interface Held {
  readonly what: Buffer | Ending;
  /** When it was sent, in milliseconds of `performance.now()`. */
  readonly since: number;
}

/** A sender may be this many bytes ahead of what has passed, as with the buffers of a real network. */
const MAX_HELD = 1024 * 1024;

/** With a limited bandwidth, bytes pass in portions of this many milliseconds each. */
const PORTION = 20;

/** One stream of one connection. It holds back what the faults of the stream do not let pass, and keeps the order. */
export class Channel {
  private held: Held[] = [];
  private bytes = 0;
  /** Senders that wait until there is room. */
  private waiting: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** When a limited bandwidth has room for the next portion, in milliseconds of `performance.now()`. */
  private freeAt = 0;
  private isPumping = false;
  private isDelivering = false;

  constructor(
    private readonly faults: StreamFaults,
    /** Passes bytes on, and calls `done` when it can take more. */
    private readonly deliver: (bytes: Buffer, done: () => void) => void,
  ) {}

  /** Whether nothing is held back, so that bytes need not go through here. */
  get isClear(): boolean {
    return this.held.length === 0 && !this.isDelivering && !this.faults.any;
  }

  /** Passes something on after all that came before it. @param done called when the sender may send more */
  pass(what: Buffer | Ending, done?: () => void): void {
    this.held.push({ what, since: now() });
    if (Buffer.isBuffer(what)) this.bytes += what.length;
    if (done) this.waiting.push(done);
    this.pump();
  }

  /** Passes on what the faults let pass now. Call it when they have changed. */
  readonly pump = (): void => {
    if (this.isPumping) return;
    this.isPumping = true;
    clearTimeout(this.timer);
    while (this.held.length > 0 && !this.isDelivering && !this.faults.isBlackholed) {
      const wait = this.untilNext();
      if (wait > 0) {
        this.timer = setTimeout(this.pump, wait);
        break;
      }
      this.passNext();
    }
    this.isPumping = false;
    if (this.bytes < MAX_HELD) for (const done of this.waiting.splice(0)) done();
  };

  /** Drops what is held back. */
  drop(): void {
    clearTimeout(this.timer);
    this.held = [];
    this.bytes = 0;
    this.waiting = [];
  }

  private untilNext(): number {
    const { latency, bytesPerSecond } = this.faults;
    const arrivesAt = latency > 0 ? this.held[0]!.since + latency : 0;
    return Math.max(arrivesAt, bytesPerSecond < Infinity ? this.freeAt : 0) - now();
  }

  private passNext(): void {
    const { what, since } = this.held.shift()!;
    if (!Buffer.isBuffer(what)) {
      what();
      return;
    }
    const portion = this.portionOf(what);
    if (portion.length < what.length) this.held.unshift({ what: what.subarray(portion.length), since });
    this.bytes -= portion.length;
    this.isDelivering = true;
    this.deliver(this.faults.takeCorrupt() ? inverted(portion) : portion, () => {
      this.isDelivering = false;
      this.pump();
    });
  }

  private portionOf(bytes: Buffer): Buffer {
    const { bytesPerSecond } = this.faults;
    if (bytesPerSecond === Infinity) return bytes;
    const portion = bytes.subarray(0, Math.max(1, Math.floor((bytesPerSecond * PORTION) / 1_000)));
    this.freeAt = Math.max(this.freeAt, now()) + (portion.length / bytesPerSecond) * 1_000;
    return portion;
  }
}

/** Inverts every bit, so that neither a WebSocket frame nor a line of HTTP stays valid. */
function inverted(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => ~byte));
}
