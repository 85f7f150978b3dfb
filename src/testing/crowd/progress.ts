import { clearInterval, now, setInterval } from '../timing/real-time.js';
import type { Crowd } from './crowd.js';
import { count } from './words.js';

/** How often the progress is printed, in milliseconds. */
const INTERVAL = 1_000;

/** Prints every second on stderr how many clients are connected. @returns the function that ends it */
export function showProgress(crowd: Crowd): () => void {
  const began = now();
  const timer = setInterval(() => {
    const seconds = ((now() - began) / 1_000).toFixed(1);
    process.stderr.write(`connectMany: ${count(crowd.connected)} of ${crowd.name} are connected after ${seconds} s\n`);
  }, INTERVAL);
  return () => clearInterval(timer);
}
