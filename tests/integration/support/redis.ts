import { inject, test as base } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string | undefined;
  }
}

/** `test` for what needs Redis; where the run has none, its global set-up has said so loudly. */
export const test = base.extend<{ redisUrl: string }>({
  redisUrl: async ({ skip }, use) => {
    const url = inject('redisUrl');
    if (url === undefined) skip('no Redis: Docker is missing');
    else await use(url);
  },
});
