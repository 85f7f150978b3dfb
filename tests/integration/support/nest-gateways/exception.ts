import { expect } from 'nest-realtime-kit/testing/vitest';

/** What Nest emits as `exception` for an error, as far as its docs say. */
export function exception(message: string): unknown {
  return expect.objectContaining({ status: 'error', message });
}

/** As {@link exception}, for errors whose message is not documented. */
export const anyException: unknown = expect.objectContaining({
  status: 'error',
  message: expect.any(String),
});
