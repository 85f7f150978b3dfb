/** What strict mode checks. Checks that are left out are off. */
export interface StrictOptions {
  /** Events that no assertion and no `next()` has read. */
  unreadEvents?: boolean;
  /** Events whose ack has not arrived. */
  pendingAcks?: boolean;
  /** Clients that the test has not disconnected. */
  openClients?: boolean;
}

export function resolveStrict(strict: boolean | StrictOptions = false): StrictOptions {
  if (typeof strict === 'object') return strict;
  return { unreadEvents: strict, pendingAcks: strict, openClients: strict };
}
