import { MetadataScanner } from '@nestjs/core';
import { MESSAGE_MAPPING_METADATA, MESSAGE_METADATA, PARAM_ARGS_METADATA } from '@nestjs/websockets/constants.js';
import { WsParamtype } from '@nestjs/websockets/enums/ws-paramtype.enum.js';
import { format } from '../report/format.js';
import type { Gateway } from '../observer/gateways.js';
import type { GatewayCoverage, HandlerCoverage } from './coverage.js';
import { eventsNamedIn, returnsAck } from './scan.js';

/** What a gateway declares, with all counts at 0. */
export function declaredBy({ name, namespace, prototype }: Gateway): GatewayCoverage {
  const methods = new MetadataScanner().getAllMethodNames(prototype);
  const events = new Set(classesOf(prototype).flatMap((source) => eventsNamedIn(source)));
  return {
    name,
    namespace,
    handlers: methods.flatMap((method) => handlerOf(prototype, method) ?? []),
    events: [...events].map((event) => ({ event, delivered: 0 })),
  };
}

function handlerOf(prototype: object, method: string): HandlerCoverage | undefined {
  const callback = (prototype as Record<string, object>)[method]!;
  if (!Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, callback)) return undefined;
  const message: unknown = Reflect.getMetadata(MESSAGE_METADATA, callback);
  const event = typeof message === 'string' ? message : format(message);
  const answers = takesAck(prototype, method) || returnsAck(sourceOf(callback));
  return { event, method, received: 0, answers, asked: 0, acked: 0, failed: 0 };
}

/** Whether a parameter of a method has `@Ack()`. Nest stores parameters under keys of the form `type:index`. */
function takesAck(prototype: object, method: string): boolean {
  const parameters: unknown = Reflect.getMetadata(PARAM_ARGS_METADATA, prototype.constructor, method);
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${WsParamtype.ACK}:`));
}

/** The code of a class and of the classes that it extends. */
function classesOf(prototype: object): string[] {
  const parent = Object.getPrototypeOf(prototype) as object | null;
  return parent ? [sourceOf(prototype.constructor), ...classesOf(parent)] : [];
}

function sourceOf(code: object): string {
  return Function.prototype.toString.call(code);
}
