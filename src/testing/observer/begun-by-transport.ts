/** What carries events: its timers guard connections and requests, and nothing that the app does waits for them. */
const TRANSPORTS =
  /[\\/]node_modules[\\/](?:engine\.io(?:-client)?|ws|socket\.io-adapter|@socket\.io|redis|@redis|ioredis)[\\/]/;

/**
 * Whether a timer that is being made is begun by the transport: by Engine.IO, ws, an adapter of Socket.IO's, or a Redis
 * client. Socket.IO's own are the app's: they are those of `socket.timeout()`, by which the app's code goes on.
 */
export function isBegunByTransport(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 12;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = stackTraceLimit;
  // Above whoever called setTimeout there are Node's own frames, and above these the observer's.
  const frames = stack.split('\n');
  const lastOfNode = frames.findIndex((frame, index) => isOfNode(frame) && !isOfNode(frames[index + 1] ?? ''));
  return TRANSPORTS.test(frames[lastOfNode + 1] ?? '');
}

function isOfNode(frame: string): boolean {
  return /[( ]node:/.test(frame);
}
