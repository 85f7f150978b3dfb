import type { ContextId } from '@nestjs/core';
import type { Gateway } from '../nest/gateway.js';
import type { MessageHandler, Routes } from './message-handler.js';
import type { HandlerMethod, NestPipeline } from '../nest/pipeline.js';

/** Finds the handlers of each event, once at boot. */
export function routesOf(pipeline: NestPipeline, gateways: readonly Gateway[]): Routes {
  const routes = new Map<string, readonly MessageHandler[]>();
  for (const gateway of gateways) {
    for (const method of pipeline.methodsOf(gateway.instance)) {
      const handler = {
        name: `${gateway.name}.${method.name}`,
        event: method.event,
        acksItself: method.acksItself,
        run: gateway.isScoped
          ? runScoped(pipeline, gateway, method)
          : pipeline.around(gateway.instance, method, gateway.wrapper.host!.token),
      };
      routes.set(method.event, [...(routes.get(method.event) ?? []), handler]);
    }
  }
  return routes;
}

/** Each client's instance has its own guards and pipes, so its pipeline is built when the instance exists. */
function runScoped(pipeline: NestPipeline, gateway: Gateway, method: HandlerMethod): MessageHandler['run'] {
  const runs = new WeakMap<ContextId, MessageHandler['run']>();
  return async (client, data, ack) => {
    const { instance, contextId } = await gateway.instanceFor(client);
    let run = runs.get(contextId);
    if (!run) {
      const own = { ...method, callback: Reflect.get(instance, method.name) as HandlerMethod['callback'] };
      run = pipeline.around(instance, own, gateway.wrapper.host!.token, contextId, gateway.wrapper.id);
      runs.set(contextId, run);
    }
    return run(client, data, ack);
  };
}
