import { guardedCall } from '../connection/guarded-call.js';
import type { ServerOptions } from '../socket.io.js';

type AllowRequest = NonNullable<ServerOptions['allowRequest']>;
type Cors = NonNullable<ServerOptions['cors']>;
type CorsDelegate = Extract<Cors, (...args: never[]) => unknown>;
type CorsOptions = Exclude<Cors, CorsDelegate>;
type Failure = (option: string, error: unknown) => void;

/**
 * Guards the app's own decision on handshakes: one that throws, rejects or never comes is a refusal, where it would end
 * the process or leave the handshake open.
 *
 * @param timeout in milliseconds
 */
export function guardAllowRequest(
  allowRequest: AllowRequest,
  timeout: number,
  onFailure: Failure,
): AllowRequest {
  return (request, answer) => {
    let isAnswered = false;
    const decide: typeof answer = (message, allowed) => {
      if (isAnswered) return;
      isAnswered = true;
      clearTimeout(deadline);
      answer(message, allowed);
    };
    const fail = (error: unknown): void => {
      onFailure('allowRequest', error);
      decide('Forbidden', false);
    };
    const deadline = setTimeout(() => fail(new Error(`it has not decided within ${timeout} ms`)), timeout);
    deadline.unref();
    guardedCall(() => allowRequest(request, decide), fail);
  };
}

/** Guards the functions that the option `cors` may have, in the same way. */
export function guardCors(cors: Cors, onFailure: Failure): Cors {
  if (typeof cors === 'function') {
    return (request, done) => guarded((answer) => cors(request, answer), done, onFailure);
  }
  const { origin } = cors;
  if (typeof origin !== 'function') return cors;
  const guardedOrigin: CorsOptions['origin'] = (requested, done) =>
    guarded((answer) => origin(requested, answer), done, onFailure);
  return { ...cors, origin: guardedOrigin };
}

function guarded<T>(
  call: (answer: T) => unknown,
  done: T & ((error: Error) => void),
  onFailure: Failure,
): void {
  guardedCall(
    () => call(done),
    (error) => {
      onFailure('cors', error);
      done(error instanceof Error ? error : new Error(String(error)));
    },
  );
}
