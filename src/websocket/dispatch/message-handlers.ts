import { Inject, Injectable } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import { GatewayInstances } from '../nest/gateway-instances.js';
import type { Gateway } from '../nest/gateway.js';
import type { MessageHandler, Routes } from './message-handler.js';
import { NestPipeline, type HandlerMethod } from '../nest/pipeline.js';

/** Finds the handlers of each event, once at boot. */
@Injectable()
export class MessageHandlers {
  constructor(
    @Inject(NestPipeline) private readonly pipeline: NestPipeline,
    @Inject(GatewayInstances) private readonly instances: GatewayInstances,
  ) {}

  routesOf(gateways: readonly Gateway[]): Routes {
    const routes = new Map<string, readonly MessageHandler[]>();
    for (const gateway of gateways) {
      for (const method of this.pipeline.methodsOf(gateway.instance)) {
        const handler = {
          name: `${gateway.name}.${method.name}`,
          event: method.event,
          acksItself: method.acksItself,
          run: gateway.isScoped
            ? this.runScoped(gateway, method)
            : this.pipeline.around(gateway.instance, method, gateway.moduleKey),
        };
        routes.set(method.event, [...(routes.get(method.event) ?? []), handler]);
      }
    }
    return routes;
  }

  /** Each client's instance has its own guards and pipes, so its pipeline is built when the instance exists. */
  private runScoped(gateway: Gateway, method: HandlerMethod): MessageHandler['run'] {
    const runs = new WeakMap<ContextId, MessageHandler['run']>();
    return async (client, data, ack) => {
      const { instance, contextId } = await this.instances.of(gateway, client);
      let run = runs.get(contextId);
      if (!run) {
        const own = { ...method, callback: Reflect.get(instance, method.name) as HandlerMethod['callback'] };
        run = this.pipeline.around(instance, own, gateway.moduleKey, contextId, gateway.wrapper.id);
        runs.set(contextId, run);
      }
      return run(client, data, ack);
    };
  }
}
