import { TokenBucket } from 'limiter';
import type { Rate } from '../options/limits.options.js';

/** A bucket that is full at first; `limiter`'s own are empty. */
export function fullBucket({ burst, perSecond }: Rate): TokenBucket {
  const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 1_000 });
  bucket.content = burst;
  return bucket;
}

/** Whether there is nothing to remember of a bucket: a new one would be the same. */
export function isFull(bucket: TokenBucket): boolean {
  bucket.drip();
  return bucket.content >= bucket.bucketSize;
}

/** Whether something may be taken out: one taking may be of any size, and the bucket is in debt after it. */
export function hasTokens(bucket: TokenBucket | undefined): boolean {
  if (!bucket || bucket.content > 0) return true;
  bucket.drip();
  return bucket.content > 0;
}

/** After how many milliseconds a bucket in debt has tokens again. */
export function timeUntilTokens(bucket: TokenBucket | undefined): number {
  return bucket ? Math.max(0, (-bucket.content / bucket.tokensPerInterval) * bucket.interval) : 0;
}
