import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The repository's directory, wherever under it this file has been compiled to. With a slash at its end. */
export const root = `${dirname(createRequire(import.meta.url).resolve('nest-realtime-kit/package.json'))}/`;
