import type { TokenBucket } from 'limiter';
import type { Rate } from '../options/limits.options.js';
import { fullBucket, hasTokens, timeUntilTokens } from '../timing/token-bucket.js';

/** The minimum wait, so that one timer serves many messages. In milliseconds. */
const SHORTEST_WAIT = 5;
/** After this time within its rates, a connection starts anew. In milliseconds. */
const FORGIVEN_AFTER = 1_000;

/** How fast one connection sends, in messages and in bytes. */
export class SendRate {
  private readonly messages: TokenBucket | undefined;
  private readonly bytes: TokenBucket | undefined;
  /** When it has tokens again after it last ran out. */
  private dryUntil = 0;
  private overRateSince = 0;

  constructor(messageRate: Rate | false | undefined, byteRate: Rate | false | undefined) {
    this.messages = messageRate ? fullBucket(messageRate) : undefined;
    this.bytes = byteRate ? fullBucket(byteRate) : undefined;
  }

  get hasTokens(): boolean {
    return hasTokens(this.messages) && hasTokens(this.bytes);
  }

  /** How long it has been over its rates, in milliseconds. A while within its rates starts the count anew. */
  get overRateFor(): number {
    return performance.now() - this.overRateSince;
  }

  charge(messages: number, bytes: number): void {
    if (this.messages) this.messages.content -= messages;
    if (this.bytes) this.bytes.content -= bytes;
  }

  /** Call this when it has no tokens. @returns after how many milliseconds to check again */
  runDry(longestWait: number): number {
    const now = performance.now();
    if (now > this.dryUntil + FORGIVEN_AFTER) this.overRateSince = now;
    const wait = Math.max(SHORTEST_WAIT, timeUntilTokens(this.messages), timeUntilTokens(this.bytes));
    this.dryUntil = now + Math.min(wait, longestWait);
    return this.dryUntil - now;
  }
}
