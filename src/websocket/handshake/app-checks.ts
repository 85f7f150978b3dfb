import { guardedCall } from '../guarded-call.js';
import type { ServerOptions } from '../socket.io.js';
import { attempt, textOf } from '../thrown.js';
import { within } from '../within.js';

type AllowRequest = NonNullable<ServerOptions['allowRequest']>;
type Cors = NonNullable<ServerOptions['cors']>;
type CorsOptions = Exclude<Cors, (...args: never[]) => unknown>;

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
    void decide<Parameters<typeof answer>>('allowRequest', guard, (once) => allowRequest(request, once)).then(
      // Engine.IO fails on a message that is no text.
      ([message, allowed]) => answer(typeof message === 'string' ? message : forbidden(message), allowed),
      () => answer('Forbidden', false),
    );
}

/** Guards the functions that the option `cors` may have, in the same way. */
export function guardCors(cors: Cors, guard: Guard): Cors {
  if (typeof cors === 'function') {
    return (request, answer) =>
      void decide<Parameters<typeof answer>>('cors', guard, (once) => cors(request, once)).then(
        ([error, options]) => answer(error, options && (guardCors(options, guard) as CorsOptions)),
        (error: Error) => answer(error),
      );
  }
  const { origin } = cors;
  if (typeof origin !== 'function') return cors;
  const guardedOrigin: CorsOptions['origin'] = (requested, answer) =>
    void decide<Parameters<typeof answer>>('cors', guard, (once) => origin(requested, once)).then(
      (decision) => answer(...decision),
      (error: Error) => answer(error),
    );
  return { ...cors, origin: guardedOrigin };
}

/** What a refusal says: of an error, its text. */
function forbidden(refusal: unknown): string {
  const said = attempt(() => (refusal as { message?: unknown } | undefined)?.message, undefined);
  return typeof said === 'string' ? said : 'Forbidden';
}

/** Asks the app, which is to call back once. @throws an error that can be read, whatever the app has thrown */
async function decide<Args extends unknown[]>(
  option: string,
  { timeout, onFailure }: Guard,
  ask: (once: (...args: Args) => void) => unknown,
): Promise<Args> {
  const decision = new Promise<Args>((resolve, reject) => {
    guardedCall(() => ask((...args) => resolve(args)), reject);
  });
  try {
    return await within(decision, timeout, () => new Error(`it has not decided within ${timeout} ms`));
  } catch (error) {
    onFailure(option, error);
    throw new Error(textOf(error), { cause: error });
  }
}
