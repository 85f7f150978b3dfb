import { ConnectionRefusedError } from '../report/errors.js';
import type { HandshakeRefusal } from '../observer/handshake-refusals.js';

/** Socket.IO's `connect_error`: from a namespace it has `data`, from the handshake what the transport saw. */
interface ConnectError extends Error {
  data?: unknown;
  /** Of Engine.IO's `TransportError`. */
  type?: string;
  /** The HTTP status of a polling request, or the event of a WebSocket that failed. */
  description?: number | { message?: string };
  /** The request of the polling transport. */
  context?: { responseText?: string };
}

/**
 * Makes an error for readers out of what the client was told and what the server noted.
 *
 * @param refusal what the server noted of it
 * @param namespaces those that exist
 */
export function explainRefusal(
  client: string,
  namespace: string,
  error: ConnectError,
  refusal: HandshakeRefusal | undefined,
  namespaces: readonly string[],
): ConnectionRefusedError {
  if (error.type !== 'TransportError') {
    const unknown = error.message === 'Invalid namespace';
    return new ConnectionRefusedError(client, {
      stage: 'namespace',
      namespace,
      reason: error.message,
      data: error.data,
      details: { 'namespaces there are': unknown ? namespaces.join(', ') : undefined },
      cause: error,
    });
  }
  const told =
    typeof error.description === 'object' ? error.description.message : `HTTP status ${error.description ?? 'unknown'}`;
  return new ConnectionRefusedError(client, {
    stage: 'handshake',
    reason: (refusal && reasonOf(refusal)) ?? told ?? error.message,
    details: { 'the client was told': `${error.message}: ${told}`, 'response body': error.context?.responseText },
    cause: error,
  });
}

/** The server's own error, where `allowRequest` or an origin check gave one, is in the context. */
function reasonOf({ message, context }: HandshakeRefusal): string {
  return context?.message ?? context?.name ?? message;
}
