import type { TokenBucket } from 'limiter';
import type { Rate } from '../options/limits.options.js';
import { fullBucket, hasTokens, timeUntilTokens } from '../timing/token-bucket.js';

/** Waits are no shorter, so that a timer serves many messages. In milliseconds. */
const SHORTEST_WAIT = 5;
/** A connection that has kept within its rates for so long starts anew. In milliseconds. */
const FORGIVEN_AFTER = 1_000;

/** How fast one connection sends, in messages and in bytes. */
export class SendRate {
  private readonly messages: TokenBucket | undefined;
  private readonly bytes: TokenBucket | undefined;
  /** When it has tokens again, after the last time it had none. */
  private dryUntil = 0;
  private overRateSince = 0;

  constructor(messageRate: Rate | false | undefined, byteRate: Rate | false | undefined) {
    this.messages = messageRate ? fullBucket(messageRate) : undefined;
    this.bytes = byteRate ? fullBucket(byteRate) : undefined;
  }

  get hasTokens(): boolean {
    return hasTokens(this.messages) && hasTokens(this.bytes);
  }

  /** For how long it has been too fast, since it was last for a while within its rates, in milliseconds. */
  get overRateFor(): number {
    return performance.now() - this.overRateSince;
  }

  charge(messages: number, bytes: number): void {
    if (this.messages) this.messages.content -= messages;
    if (this.bytes) this.bytes.content -= bytes;
  }

  /** It has no tokens. @returns after how many milliseconds it is to be looked at again */
  runDry(longestWait: number): number {
    const now = performance.now();
    if (now > this.dryUntil + FORGIVEN_AFTER) this.overRateSince = now;
    const wait = Math.max(SHORTEST_WAIT, timeUntilTokens(this.messages), timeUntilTokens(this.bytes));
    this.dryUntil = now + Math.min(wait, longestWait);
    return this.dryUntil - now;
  }
}
