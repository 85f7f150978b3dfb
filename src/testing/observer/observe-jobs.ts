import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { show } from '../report/show.js';
import type { Activity } from '../settle/activity.js';
import type { Recorder } from '../timeline/timeline.js';
import { executionContext, type Cause } from '../model/execution-context.js';
import { patch } from './patch.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

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
 * `@nestjs/event-emitter` and `@nestjs/cqrs`, and messages to microservices. Each is in flight until it has settled, and the
 * cause of what it does, unless something else had caused it.
 *
 * To be called before the app is initialised; what it changes are instances of the app's own, which go with it.
 */
export function observeJobs(nest: INestApplication, surroundings: Surroundings): void {
  const scanner = new MetadataScanner();
  const called = new Set<unknown>();
  for (const { providers, controllers } of nest.get(ModulesContainer, { strict: false }).values()) {
    for (const { instance } of [...providers.values(), ...controllers.values()] as { instance: unknown }[]) {
      if (typeof instance !== 'object' || instance === null || called.has(instance)) continue;
      called.add(instance);
      for (const name of methodsOf(instance, scanner)) observeMethod(instance, name, surroundings);
    }
  }
  for (const microservice of nest.getMicroservices()) observeMessages(microservice, surroundings);
}

function methodsOf(instance: object, scanner: MetadataScanner): string[] {
  const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
  if (typeof prototype?.constructor !== 'function' || !Object.isExtensible(instance)) return [];
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

function observeMethod(instance: object, name: string, surroundings: Surroundings): void {
  const method = (instance as Record<string, Method>)[name]!;
  const what = `${instance.constructor.name}.${name}`;
  function observed(this: unknown, ...args: unknown[]): unknown {
    const [end, run] = begin(what, surroundings);
    try {
      const result = run(() => method.apply(this, args));
      if (result instanceof Promise) void result.then(end, end);
      else end();
      return result;
    } catch (error) {
      end();
      throw error;
    }
  }
  // Bull looks whether it takes a callback.
  for (const property of ['name', 'length'] as const)
    Object.defineProperty(observed, property, { value: method[property] });
  for (const key of Reflect.getMetadataKeys(method) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), observed);
  }
  patch(instance, name, observed);
}

function observeMessages(microservice: INestMicroservice, surroundings: Surroundings): void {
  // Private to Nest, which hands out what is under it only.
  const { serverInstance: transport } = microservice as unknown as { serverInstance?: Transport };
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
  return show(named ? context[named]!() : context.operationId);
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
