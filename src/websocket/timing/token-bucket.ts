import { TokenBucket } from 'limiter';
import type { Rate } from '../options/limits.options.js';

/** A bucket that is full at first. Those of `limiter` start empty. */
export function fullBucket({ burst, perSecond }: Rate): TokenBucket {
  const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 1_000 });
  bucket.content = burst;
  return bucket;
}

/** A full bucket need not be kept, because a new one would be the same. */
export function isFull(bucket: TokenBucket): boolean {
  bucket.drip();
  return bucket.content >= bucket.bucketSize;
}

/** Whether tokens may be taken. One may then take any number, which can put the bucket in debt. */
export function hasTokens(bucket: TokenBucket | undefined): boolean {
  if (!bucket || bucket.content > 0) return true;
  bucket.drip();
  return bucket.content > 0;
}

/** After how many milliseconds a bucket in debt has tokens again. */
export function timeUntilTokens(bucket: TokenBucket | undefined): number {
  return bucket ? Math.max(0, (-bucket.content / bucket.tokensPerInterval) * bucket.interval) : 0;
}
