import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { transportOf } from '../nest/internals.js';
import { format } from '../report/format.js';
import type { Activity } from '../settle/activity.js';
import type { Recorder } from '../timeline/timeline.js';
import { executionContext, type Cause } from '../model/execution-context.js';
import { isThenable } from './work-result.js';
import { wrapMethod } from './wrap-method.js';

/** By which metadata Nest's packages know the methods that they call; none of the keys is exported. */
const KEYS_OF_METHODS = [
  'SCHEDULE_CRON_OPTIONS',
  'SCHEDULE_INTERVAL_OPTIONS',
  'EVENT_LISTENER_METADATA',
  'bull:module_queue_process',
];

/** The same of classes, and the method of theirs that is called. */
const METHODS_OF_CLASSES: Readonly<Record<string, string>> = {
  __eventsHandler__: 'handle',
  // By a saga nobody awaits it.
  __commandHandler__: 'execute',
  'bullmq:processor_metadata': 'process',
};

type StartHook = (transport: unknown, context: MessageContext, go: () => unknown) => unknown;
type EndHook = (transport: unknown, context: MessageContext) => void;

/** What `Server` of `@nestjs/microservices`, or a custom transport that extends it, has for tracing. */
interface Transport {
  readonly onProcessingStartHook?: StartHook;
  readonly onProcessingEndHook?: EndHook;
  setOnProcessingStartHook?(hook: StartHook): void;
  setOnProcessingEndHook?(hook: EndHook): void;
}

const NAMES_OF_PATTERNS = ['getPattern', 'getChannel', 'getSubject', 'getTopic'] as const;

/** What a transport knows of a message. */
type MessageContext = { readonly [Name in (typeof NAMES_OF_PATTERNS)[number]]?: () => unknown } & {
  /** Of gRPC, as its `request`. */
  readonly operationId?: string;
  readonly request?: object;
};

interface Surroundings {
  /** The identity under which the app's code runs, see `executionContext`. */
  readonly identity: object;
  readonly activity: Activity;
  readonly record: Recorder;
}

/**
 * Sees what is neither a client's nor an HTTP request's doing: jobs of `@nestjs/schedule` and of queues, listeners of
 * `@nestjs/event-emitter`, handlers of `@nestjs/cqrs`, and messages to microservices. Each is in flight until it has settled,
 * and the cause of what it does, unless something else had caused it. To be called before the app is initialised.
 *
 * @returns the function that ends it
 */
export function observeJobs(nest: INestApplication, surroundings: Surroundings): () => void {
  const scanner = new MetadataScanner();
  const targets = new Set<object>();
  for (const { providers, controllers } of nest.get(ModulesContainer, { strict: false }).values()) {
    for (const wrapper of [...providers.values(), ...controllers.values()]) {
      const instance: unknown = wrapper.instance;
      // Each module has a `ModuleRef` of a class of its own, which has no methods of the app's.
      if (typeof instance !== 'object' || instance === null || instance instanceof ModuleRef) continue;
      // Of one that is scoped, Nest makes further instances.
      targets.add(wrapper.isDependencyTreeStatic() ? instance : (Object.getPrototypeOf(instance) as object));
    }
  }
  const restores = [...targets].flatMap((target) =>
    methodsOf(target, scanner).map((name) => observeMethod(target, name, surroundings)),
  );
  for (const microservice of nest.getMicroservices()) observeMessages(microservice, surroundings);
  return () => {
    for (const restore of restores) restore();
  };
}

/** @param target an instance, or the prototype of its class */
function methodsOf(target: object, scanner: MetadataScanner): string[] {
  const prototype = (Object.hasOwn(target, 'constructor') ? target : Object.getPrototypeOf(target)) as Record<
    string,
    unknown
  > | null;
  if (typeof prototype?.constructor !== 'function' || !Object.isExtensible(target)) return [];
  const { constructor } = prototype;
  const decorated = scanner.getAllMethodNames(prototype).filter((name) => {
    const method = prototype[name] as object;
    return KEYS_OF_METHODS.some((key) => Reflect.hasMetadata(key, method));
  });
  const handlers = Object.entries(METHODS_OF_CLASSES)
    .filter(([key, name]) => Reflect.hasMetadata(key, constructor) && typeof prototype[name] === 'function')
    .map(([, name]) => name);
  return [...decorated, ...handlers];
}

function observeMethod(target: object, name: string, surroundings: Surroundings): () => void {
  const what = `${target.constructor.name}.${name}`;
  const isOfTheClass = Object.hasOwn(target, 'constructor');
  return wrapMethod(target, name, (_, call) => {
    const running = executionContext.getStore();
    // Several apps may share the class.
    if (isOfTheClass && running && running.app !== surroundings.identity) return call();
    const [end, run] = begin(what, surroundings);
    return run(() => {
      try {
        const result = call();
        // Who has called it gets what follows: one that fails and that nobody awaits is to stay unhandled.
        if (isThenable(result)) return Promise.resolve(result).finally(end);
        end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    });
  });
}

function observeMessages(microservice: INestMicroservice, surroundings: Surroundings): void {
  const transport = transportOf(microservice) as Transport | undefined;
  const { onProcessingStartHook: start, onProcessingEndHook: finish } = transport ?? {};
  const ends = new WeakMap<object, () => void>();
  transport?.setOnProcessingStartHook?.((id, context, go) => {
    const [end, run] = begin(`message ${patternOf(context)}`, surroundings);
    // gRPC tells of the end by the request alone.
    for (const key of [context, context.request]) if (key) ends.set(key, end);
    const going = run(() => (start ? start(id, context, go) : go()));
    if (going instanceof Promise) going.catch(end);
    return going;
  });
  transport?.setOnProcessingEndHook?.((id, context) => {
    ends.get(context)?.();
    finish?.(id, context);
  });
}

/** What a message says that it is about, in the words of its transport. */
function patternOf(context: MessageContext): string {
  const named = NAMES_OF_PATTERNS.find((name) => context[name]);
  return format(named ? context[named]!() : context.operationId);
}

/** @returns the function that ends it, and the one that runs something on its behalf */
function begin(
  what: string,
  { identity, activity, record }: Surroundings,
): [end: () => void, run: <T>(call: () => T) => T] {
  const running = executionContext.getStore();
  const inherited = running?.app === identity ? running.cause : undefined;
  const cause: Cause = inherited ?? { event: what, entry: record({ kind: 'begun', what }) };
  const end = activity.begin(what, { client: inherited?.client, stream: true, moves: inherited !== undefined });
  return [end, (call) => executionContext.run({ app: identity, cause }, call)];
}
