import { callEach, type Listener } from '../errors/guarded-call.js';
import { logFailure } from '../errors/report-error.js';
import type { Namespace } from './socket.io.js';

type BroadcastOperator = { emit(event: string, ...args: unknown[]): boolean };

const GUARDED = Symbol.for('nest-realtime-kit:guarded-broadcasts');

/**
 * Catches what the ack callback of a broadcast throws. Socket.IO calls it from a timer when a client does not answer in
 * time, and from a promise when there is no client to ask.
 *
 * Each call in a chain like `server.to(room).timeout(100)` creates another operator, so only their class can be
 * patched. This is done once, for all servers in the process.
 */
export function guardBroadcasts(namespace: Namespace): void {
  const operators = Object.getPrototypeOf(namespace.local) as BroadcastOperator;
  const emit = Reflect.get(operators, 'emit');
  if (GUARDED in emit) return;
  function guardedEmit(this: BroadcastOperator, event: string, ...args: unknown[]): boolean {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return emit.call(this, event, ...args);
    const guarded = (...answers: unknown[]): void =>
      callEach([callback as Listener], this, answers, (error) =>
        logFailure(`The ack callback of a broadcast of "${event}" failed`, error),
      );
    return emit.call(this, event, ...args.slice(0, -1), guarded);
  }
  operators.emit = Object.assign(guardedEmit, { [GUARDED]: true });
}
