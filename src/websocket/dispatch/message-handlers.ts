import { Inject, Injectable } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import type { Gateway } from '../gateways/gateway.js';
import { GatewayInstances } from '../gateways/gateway-instances.js';
import { InFlight } from './in-flight.js';
import type { MessageHandler, Routes } from './message-handler.js';
import { NestParts } from './nest-parts.js';
import type { HandlerMethod } from './nest-parts.js';
import { assemble } from './pipeline.js';
import type { Interception } from './pipeline.js';

/** Works out, once and at boot, what runs for each event. */
@Injectable()
export class MessageHandlers {
  private readonly interception: Interception;

  constructor(
    @Inject(NestParts) private readonly nest: NestParts,
    @Inject(GatewayInstances) private readonly instances: GatewayInstances,
    @Inject(InFlight) inFlight: InFlight,
  ) {
    this.interception = { consumer: nest.interceptorsConsumer, inFlight };
  }

  routesOf(gateways: readonly Gateway[]): Routes {
    const routes = new Map<string, MessageHandler[]>();
    for (const gateway of gateways) {
      for (const method of this.nest.methodsOf(gateway.instance)) {
        const handler = {
          name: `${gateway.name}.${method.name}`,
          event: method.event,
          acksItself: method.acksItself,
          run: gateway.isScoped ? this.runScoped(gateway, method) : this.runStatic(gateway, method),
        };
        const sameEvent = routes.get(method.event);
        if (sameEvent) sameEvent.push(handler);
        else routes.set(method.event, [handler]);
      }
    }
    return routes;
  }

  private runStatic({ instance, moduleKey }: Gateway, method: HandlerMethod): MessageHandler['run'] {
    const enhancers = this.nest.enhancersOf(instance, method, moduleKey);
    return assemble(instance, method, enhancers, this.interception);
  }

  /** The client's own instance has guards and pipes of its own, so that nothing can be put together before it is there. */
  private runScoped(gateway: Gateway, method: HandlerMethod): MessageHandler['run'] {
    const runs = new WeakMap<ContextId, MessageHandler['run']>();
    return async (client, data, ack) => {
      const { instance, contextId } = await this.instances.of(gateway, client);
      const known = runs.get(contextId);
      if (known) return known(client, data, ack);
      const own = { ...method, callback: Reflect.get(instance, method.name) as HandlerMethod['callback'] };
      const { id } = gateway.wrapper;
      const enhancers = this.nest.enhancersOf(instance, own, gateway.moduleKey, contextId, id);
      const run = assemble(instance, own, enhancers, this.interception);
      runs.set(contextId, run);
      return run(client, data, ack);
    };
  }
}
