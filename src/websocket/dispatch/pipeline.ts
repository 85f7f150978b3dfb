import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { WsException } from '@nestjs/websockets';
import { catchError, isObservable, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Socket } from '../socket.io.js';
import { handlerWork } from './in-flight.js';
import type { InFlight } from './in-flight.js';
import { FilteredError } from './message-handler.js';
import type { MessageHandler } from './message-handler.js';
import type { Enhancers, Filter, HandlerMethod, Parameter } from './nest-parts.js';
import { isPromise } from '../promise.js';

type Run = MessageHandler['run'];

/** What guards, interceptors and filters see, as in Nest: client, data, ack, pattern. */
type Args = [client: Socket, data: unknown, ack: unknown, pattern: string];

/** What interceptors need of the app. */
export interface Interception {
  readonly consumer: InterceptorsConsumer;
  readonly inFlight: InFlight;
}

/** A guard has said no. */
export class GuardRefusal extends WsException {
  override readonly name = 'GuardRefusal';
  readonly code = 'FORBIDDEN';

  constructor() {
    super('Forbidden resource');
  }
}

/**
 * Puts together what runs for a message, at boot, so that nothing is run that is not there: guards, interceptors, pipes,
 * the method, and filters around it all. It is synchronous as long as its parts are.
 */
export function assemble(
  instance: object,
  method: HandlerMethod,
  { guards, interceptors, parameters, filters }: Enhancers,
  { consumer, inFlight }: Interception,
): Run {
  const callback = Reflect.get(instance, method.name) as HandlerMethod['callback'];
  const contextOf = (args: Args): ExecutionContextHost => {
    const context = new ExecutionContextHost(args, instance.constructor as never, callback);
    context.setType('ws');
    return context;
  };
  const { event } = method;
  const call = withParameters(instance, callback, parameters);
  let run: (args: Args) => unknown = call;
  if (interceptors.length > 0) {
    // oxlint-disable-next-line typescript/require-await -- Nest wants a promise, and a throw to be a rejection
    const intercepted = async (args: Args): Promise<unknown> => {
      const result = call(args);
      // When its client goes, nobody subscribes any more to what the interceptors have made of it.
      if (isPromise(result)) inFlight.follow(handlerWork(event, args[0]), result);
      return result;
    };
    run = (args) =>
      consumer.intercept([...interceptors], args, instance, callback, () => intercepted(args), 'ws');
  }
  if (guards.length > 0) {
    const within = run;
    run = (args) => {
      const allowed = activate(guards, contextOf(args), 0);
      return allowed === true ? within(args) : allowed.then(() => within(args));
    };
  }
  if (filters.length > 0) {
    const within = run;
    run = (args) =>
      filtered(
        () => within(args),
        (error) => filter(filters, error, contextOf(args)),
      );
  }
  return (client, data, ack) => run([client, data, ack, event]);
}

/** @throws GuardRefusal, or what a guard throws; of a guard that is asynchronous, the promise rejects with it */
function activate(
  guards: Enhancers['guards'],
  context: ExecutionContext,
  first: number,
): true | Promise<true> {
  for (let index = first; index < guards.length; index += 1) {
    const allowed = guards[index]!.canActivate(context);
    if (typeof allowed !== 'boolean') {
      return settled(allowed).then((answer) => {
        if (!answer) throw new GuardRefusal();
        return activate(guards, context, index + 1);
      });
    }
    if (!allowed) throw new GuardRefusal();
  }
  return true;
}

async function settled(answer: Promise<boolean> | Observable<boolean>): Promise<unknown> {
  const value: unknown = await answer;
  return isObservable(value) ? lastValueFrom(value) : value;
}

/** The method, called with what its parameters' decorators and pipes make of the arguments. */
function withParameters(
  instance: object,
  callback: HandlerMethod['callback'],
  parameters: readonly Parameter[],
): (args: Args) => unknown {
  const count = Math.max(-1, ...parameters.map(({ index }) => index)) + 1;
  const call = (values: unknown[]): unknown => callback.apply(instance, values);
  return (args) => {
    const values = Array<unknown>(count);
    let waits = false;
    for (const parameter of parameters) {
      let value: unknown;
      try {
        value = pipe(parameter, 0, parameter.extract(args));
      } catch (error) {
        if (!waits) throw error;
        // Thrown, it would leave the promises of the parameters before to nobody: they may reject too.
        value = Promise.reject(error);
      }
      values[parameter.index] = value;
      waits ||= isPromise(value);
    }
    return waits ? Promise.all(values).then(call) : call(values);
  };
}

/** A value after the parameter's pipes, from the given one on; a promise as soon as one of them is asynchronous. */
function pipe(parameter: Parameter, first: number, value: unknown): unknown {
  const { pipes, metadata } = parameter;
  let piped = value;
  for (let index = first; index < pipes.length; index += 1) {
    if (isPromise(piped)) return piped.then((settledValue) => pipe(parameter, index, settledValue));
    piped = pipes[index]!.transform(piped, metadata);
  }
  return piped;
}

/** Lets `onError` see whatever a call fails with: at once, as a promise or as an Observable. */
function filtered(call: () => unknown, onError: (error: unknown) => unknown): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return onError(error);
  }
  if (isPromise(result)) return result.then((value) => filtered(() => value, onError), onError);
  if (isObservable(result)) return result.pipe(catchError((error) => onError(error) as Promise<never>));
  return result;
}

/**
 * Gives an error to the first filter that catches its kind.
 *
 * @throws FilteredError when one has, after it is done; the error itself when none does
 */
function filter(filters: readonly Filter[], error: unknown, host: object): unknown {
  const matching = filters.find(
    ({ exceptionMetatypes }) =>
      exceptionMetatypes.length === 0 || exceptionMetatypes.some((type) => error instanceof type),
  );
  if (!matching) throw error;
  const done = matching.func(error, host);
  const failed = new FilteredError(error);
  if (!isPromise(done)) throw failed;
  return done.then(() => {
    throw failed;
  });
}
