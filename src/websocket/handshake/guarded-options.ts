import { withTimeout } from '../timing/deadline.js';
import { guardedCall } from '../errors/guarded-call.js';
import { saidBy } from '../errors/report-error.js';
import type { ServerOptions } from '../socket-io/socket.io.js';

type AllowRequest = NonNullable<ServerOptions['allowRequest']>;
type Cors = NonNullable<ServerOptions['cors']>;
type CorsOptions = Exclude<Cors, (...args: never[]) => unknown>;

/** How the app's functions that decide on handshakes are guarded. */
export interface Guard {
  /** How long a function may take, in milliseconds. */
  timeout: number;
  /** Called when a function has failed or timed out. */
  onFailure: (option: string, error: unknown) => void;
}

/**
 * Guards the app's own decision on handshakes. If it throws, rejects or times out, the handshake is refused. Unguarded,
 * it would end the process or leave the handshake open.
 */
export function guardAllowRequest(allowRequest: AllowRequest, guard: Guard): AllowRequest {
  const ask = guarded('allowRequest', guard, allowRequest);
  // Engine.IO fails on a message that is not a string.
  return (request, answer) => ask(request, (refusal, allowed = false) => answer(saidBy(refusal, 'Forbidden'), allowed));
}

/** Guards the functions in the option `cors` in the same way. */
export function guardCors(cors: Cors, guard: Guard): Cors {
  if (typeof cors === 'function') {
    const ask = guarded('cors', guard, cors);
    return (request, answer) =>
      ask(request, (error, options) => answer(error, options && (guardCors(options, guard) as CorsOptions)));
  }
  const { origin } = cors;
  return typeof origin === 'function' ? { ...cors, origin: guarded('cors', guard, origin) } : cors;
}

/** Wraps a function of the app. If it throws, rejects or times out, `answer` gets an error as its first argument. */
function guarded<Subject, Answer extends readonly unknown[]>(
  option: string,
  { timeout, onFailure }: Guard,
  ask: (subject: Subject, answer: (...answered: Answer) => void) => unknown,
): (subject: Subject, answer: (...answered: Answer) => void) => void {
  return (subject, answer) => {
    const decision = new Promise<Answer>((resolve, reject) => {
      guardedCall(() => ask(subject, (...answered) => resolve(answered)), reject);
    });
    void withTimeout(decision, timeout, () => new Error(`it has not decided within ${timeout} ms`)).then(
      (answered) => answer(...answered),
      (error: unknown) => {
        onFailure(option, error);
        answer(...([new Error('Forbidden', { cause: error })] as unknown as Answer));
      },
    );
  };
}
