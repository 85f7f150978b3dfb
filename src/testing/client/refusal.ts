import { ConnectionRefusedError } from '../report/errors.js';
import type { HandshakeRefusal } from '../observer/handshake-refusals.js';

/** Socket.IO's `connect_error`. From a namespace it has `data`, from the handshake it has what the transport saw. */
interface ConnectError extends Error {
  data?: unknown;
  /** Set on Engine.IO's `TransportError`. */
  type?: string;
  /** The HTTP status of a polling request, or the event of a WebSocket that failed. */
  description?: number | { message?: string };
  /** The request of the polling transport. */
  context?: { responseText?: string };
}

/**
 * Creates a readable error from the client's error and what the server noted.
 *
 * @param refusal what the server noted about it
 * @param namespaces the existing namespaces
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

/** If `allowRequest` or an origin check gave an error, it is in the context. */
function reasonOf({ message, context }: HandshakeRefusal): string {
  return context?.message ?? context?.name ?? message;
}
