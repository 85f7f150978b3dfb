import type { INestMicroservice } from '@nestjs/common';
import { wrapMethod } from './patch.js';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { transportOf } from '../nest/internals.js';
import { format } from '../report/format.js';
import { executionContext, type Cause } from '../model/execution-context.js';
import type { ObservedApp } from './observed-app.js';
import { isThenable } from './work-result.js';

/** The metadata keys of the methods that Nest's packages call. No package exports its keys. */
const KEYS_OF_METHODS = [
  'SCHEDULE_CRON_OPTIONS',
  'SCHEDULE_INTERVAL_OPTIONS',
  'EVENT_LISTENER_METADATA',
  'bull:module_queue_process',
];

/** The metadata keys of classes, with the method that is called. */
const METHODS_OF_CLASSES: Readonly<Record<string, string>> = {
  __eventsHandler__: 'handle',
  // If a saga sends the command, nobody awaits the handler.
  __commandHandler__: 'execute',
  'bullmq:processor_metadata': 'process',
};

type StartHook = (transport: unknown, context: MessageContext, go: () => unknown) => unknown;
type EndHook = (transport: unknown, context: MessageContext) => void;

/** The tracing hooks of `Server` in `@nestjs/microservices`, or of a custom transport that extends it. */
interface Transport {
  readonly onProcessingStartHook?: StartHook;
  readonly onProcessingEndHook?: EndHook;
  setOnProcessingStartHook?(hook: StartHook): void;
  setOnProcessingEndHook?(hook: EndHook): void;
}

const NAMES_OF_PATTERNS = ['getPattern', 'getChannel', 'getSubject', 'getTopic'] as const;

/** What a transport knows about a message. */
type MessageContext = { readonly [Name in (typeof NAMES_OF_PATTERNS)[number]]?: () => unknown } & {
  /** Only with gRPC, like `request`. */
  readonly operationId?: string;
  readonly request?: object;
};

/**
 * Observes work that neither a client nor an HTTP request starts: jobs of `@nestjs/schedule` and of queues, listeners
 * of `@nestjs/event-emitter`, handlers of `@nestjs/cqrs`, and messages to microservices. Each is in flight until it has
 * settled, and is the cause of what it does, unless it has a cause itself. Call this before the app is initialised.
 */
export function observeJobs(app: ObservedApp): void {
  const { nest, undo } = app;
  const scanner = new MetadataScanner();
  const targets = new Set<object>();
  for (const { providers, controllers } of nest.get(ModulesContainer, { strict: false }).values()) {
    for (const wrapper of [...providers.values(), ...controllers.values()]) {
      const instance: unknown = wrapper.instance;
      // Each module has its own `ModuleRef` class, which has no methods of the app.
      if (typeof instance !== 'object' || instance === null || instance instanceof ModuleRef) continue;
      // Nest creates more instances of a scoped provider.
      targets.add(wrapper.isDependencyTreeStatic() ? instance : (Object.getPrototypeOf(instance) as object));
    }
  }
  for (const target of targets)
    for (const name of methodsOf(target, scanner)) undo.push(observeMethod(target, name, app));
  for (const microservice of nest.getMicroservices()) observeMessages(microservice, app);
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

function observeMethod(target: object, name: string, app: ObservedApp): () => void {
  const what = `${target.constructor.name}.${name}`;
  const isOfTheClass = Object.hasOwn(target, 'constructor');
  return wrapMethod(target, name, (_, call) => {
    const running = executionContext.getStore();
    // Several apps may share the class.
    if (isOfTheClass && running && running.app !== app.identity) return call();
    const [end, run] = begin(what, app);
    return run(() => {
      try {
        const result = call();
        // The caller gets the new promise, so a rejection that nobody awaits stays unhandled.
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

function observeMessages(microservice: INestMicroservice, app: ObservedApp): void {
  const transport = transportOf(microservice) as Transport | undefined;
  const { onProcessingStartHook: start, onProcessingEndHook: finish } = transport ?? {};
  const ends = new WeakMap<object, () => void>();
  transport?.setOnProcessingStartHook?.((id, context, go) => {
    const [end, run] = begin(`message ${patternOf(context)}`, app);
    // gRPC reports the end with the request alone.
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

/** The pattern of a message, which each transport calls differently. */
function patternOf(context: MessageContext): string {
  const named = NAMES_OF_PATTERNS.find((name) => context[name]);
  return format(named ? context[named]!() : context.operationId);
}

/** @returns the function that ends the work, and one that runs code on its behalf */
function begin(
  what: string,
  { identity, activity, record }: ObservedApp,
): [end: () => void, run: <T>(call: () => T) => T] {
  const running = executionContext.getStore();
  const inherited = running?.app === identity ? running.cause : undefined;
  const cause: Cause = inherited ?? { event: what, entry: record({ kind: 'begun', what }) };
  const end = activity.begin(what, { client: inherited?.client, stream: true, moves: inherited !== undefined });
  return [end, (call) => executionContext.run({ app: identity, cause }, call)];
}
