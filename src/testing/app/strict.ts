/** What strict mode looks for; what is left out, it does not. */
export interface StrictOptions {
  /** Events that no expectation and no `next()` has read. */
  unreadEvents?: boolean;
  /** Events whose ack has not come. */
  pendingAcks?: boolean;
  /** Clients that the test has not disconnected. */
  openClients?: boolean;
}

export function resolveStrict(strict: boolean | StrictOptions = false): StrictOptions {
  if (typeof strict === 'object') return strict;
  return { unreadEvents: strict, pendingAcks: strict, openClients: strict };
}
