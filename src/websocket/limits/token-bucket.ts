import { TokenBucket } from 'limiter';
import type { Rate } from './limits.options.js';

/**
 * A bucket that is full at first; `limiter`'s own are empty.
 *
 * @param within what is taken of this one is taken of that one too
 */
export function fullBucket({ burst, perSecond }: Rate, within?: TokenBucket): TokenBucket {
  const bucket = new TokenBucket({
    bucketSize: burst,
    tokensPerInterval: perSecond,
    interval: 1_000,
    parentBucket: within,
  });
  bucket.content = burst;
  return bucket;
}

/** Whether there is nothing to remember of a bucket: a new one would be the same. */
export function isFull(bucket: TokenBucket): boolean {
  bucket.drip();
  return bucket.content >= bucket.bucketSize;
}
