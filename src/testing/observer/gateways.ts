import type { INestApplication, Type } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { GATEWAY_METADATA, GATEWAY_OPTIONS } from '@nestjs/websockets/constants.js';

export type Hook = 'handleConnection' | 'handleDisconnect';

/** A provider with the decorator `@WebSocketGateway`. */
export interface Gateway {
  /** The name of its class. */
  readonly name: string;
  /** The namespace that it declares, with the leading slash; for a pattern, its text. */
  readonly namespace: string;
  /** Whether Nest creates an instance of it for each client. */
  readonly scoped: boolean;
  /** The object whose hooks Nest calls: the instance or, for a scoped gateway, the prototype. */
  readonly target: object;
  /** The object that has its handlers. The constructor of this object is the gateway's class. */
  readonly prototype: object;
  has(hook: Hook): boolean;
  /** Whether a handler has interceptors: its own, or those of the class or of the app. */
  readonly hasInterceptors: (method: object) => boolean;
  serves(namespace: string): boolean;
}

export function discoverGateways(nest: INestApplication): Gateway[] {
  const config = nest.get(ApplicationConfig);
  const isGlobal = config.getGlobalInterceptors().length + config.getGlobalRequestInterceptors().length > 0;
  const gateways: Gateway[] = [];
  for (const { providers } of nest.get(ModulesContainer, { strict: false }).values()) {
    for (const wrapper of providers.values()) {
      const metatype = wrapper.metatype as Type | null;
      if (typeof metatype !== 'function' || !Reflect.hasMetadata(GATEWAY_METADATA, metatype)) continue;
      const scoped = !wrapper.isDependencyTreeStatic();
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as object;
      const target = scoped ? prototype : instance;
      // A class that two modules provide has two instances, but only one prototype.
      if (gateways.some((known) => known.target === target)) continue;
      const namespace = namespaceOf(metatype);
      gateways.push({
        name: instance.constructor.name,
        namespace: String(namespace),
        scoped,
        target,
        prototype,
        hasInterceptors: (method) =>
          isGlobal || [method, metatype].some((decorated) => Reflect.hasMetadata(INTERCEPTORS_METADATA, decorated)),
        has: (hook) => typeof (target as Record<string, unknown>)[hook] === 'function',
        // With the flag `g`, `test` would continue after the last match.
        serves: (name) => (namespace instanceof RegExp ? name.search(namespace) !== -1 : namespace === name),
      });
    }
  }
  return gateways;
}

/** For a function, only a call can tell which namespaces it accepts. */
function namespaceOf(metatype: Type): string | RegExp | ((...args: never[]) => void) {
  const { namespace = '/' } = (Reflect.getMetadata(GATEWAY_OPTIONS, metatype) ?? {}) as {
    namespace?: ReturnType<typeof namespaceOf>;
  };
  return typeof namespace !== 'string' || namespace.startsWith('/') ? namespace : `/${namespace}`;
}
