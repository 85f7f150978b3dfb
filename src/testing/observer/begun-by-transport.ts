/** Packages that carry events. Their timers guard connections and requests; no work of the app waits for them. */
const TRANSPORTS =
  /[\\/]node_modules[\\/](?:engine\.io(?:-client)?|ws|socket\.io-adapter|@socket\.io|redis|@redis|ioredis)[\\/]/;

/**
 * Whether the transport starts the current work: Engine.IO, ws, a Socket.IO adapter or a Redis client. Timers of
 * Socket.IO itself count as the app's: `socket.timeout()` creates them, and the app's code continues with them.
 */
export function isBegunByTransport(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 12;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = stackTraceLimit;
  // The stack has the observer's frames first, then Node's own, then the caller of setTimeout.
  const frames = stack.split('\n');
  const lastOfNode = frames.findIndex((frame, index) => isOfNode(frame) && !isOfNode(frames[index + 1] ?? ''));
  return TRANSPORTS.test(frames[lastOfNode + 1] ?? '');
}

function isOfNode(frame: string): boolean {
  return /[( ]node:/.test(frame);
}
