import { guardedCall } from '../guarded-call.js';
import type { ServerOptions } from '../socket.io.js';
import { attempt, textOf } from '../thrown.js';

type AllowRequest = NonNullable<ServerOptions['allowRequest']>;
type Cors = NonNullable<ServerOptions['cors']>;
type CorsDelegate = Extract<Cors, (...args: never[]) => unknown>;
type CorsOptions = Exclude<Cors, CorsDelegate>;

/** How the functions of the app's that decide on handshakes are guarded. */
export interface Guard {
  /** How long one may take, in milliseconds. */
  timeout: number;
  /** One of them has failed, or not decided in time. */
  onFailure: (option: string, error: unknown) => void;
}

/**
 * Guards the app's own decision on handshakes: one that throws, rejects or never comes is a refusal, where it would end
 * the process or leave the handshake open.
 */
export function guardAllowRequest(allowRequest: AllowRequest, guard: Guard): AllowRequest {
  return (request, answer) =>
    decide<Parameters<typeof answer>>('allowRequest', guard, {
      ask: (once) => allowRequest(request, once),
      // Engine.IO fails on a message that is no text.
      answer: (message, allowed) =>
        answer(typeof message === 'string' ? message : forbidden(message), allowed),
      refuse: () => answer('Forbidden', false),
    });
}

/** Guards the functions that the option `cors` may have, in the same way. */
export function guardCors(cors: Cors, guard: Guard): Cors {
  if (typeof cors === 'function') {
    return (request, answer) =>
      decide<Parameters<typeof answer>>('cors', guard, {
        ask: (once) => cors(request, once),
        answer: (error, options) => answer(error, options && (guardCors(options, guard) as CorsOptions)),
        refuse: answer,
      });
  }
  const { origin } = cors;
  if (typeof origin !== 'function') return cors;
  const guardedOrigin: CorsOptions['origin'] = (requested, answer) =>
    decide('cors', guard, { ask: (once) => origin(requested, once), answer, refuse: answer });
  return { ...cors, origin: guardedOrigin };
}

/** What a refusal says: of an error, its text. */
function forbidden(refusal: unknown): string {
  const said = attempt(() => (refusal as { message?: unknown } | undefined)?.message, undefined);
  return typeof said === 'string' ? said : 'Forbidden';
}

interface Decision<Args extends unknown[]> {
  /** Asks the app, which is to call this once. */
  ask: (once: (...args: Args) => void) => unknown;
  answer: (...args: Args) => void;
  refuse: (error: Error) => void;
}

function decide<Args extends unknown[]>(
  option: string,
  { timeout, onFailure }: Guard,
  { ask, answer, refuse }: Decision<Args>,
): void {
  let isDecided = false;
  const once = (answered: () => void): void => {
    if (isDecided) return;
    isDecided = true;
    clearTimeout(deadline);
    answered();
  };
  const fail = (error: unknown): void => {
    onFailure(option, error);
    once(() => refuse(new Error(textOf(error), { cause: error })));
  };
  const deadline = setTimeout(() => fail(new Error(`it has not decided within ${timeout} ms`)), timeout);
  deadline.unref();
  guardedCall(() => ask((...args) => once(() => answer(...args))), fail);
}
