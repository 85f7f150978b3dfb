import { Inject, Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, ModulesContainer, type ContextId } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
import { GATEWAY_SERVER_METADATA } from '@nestjs/websockets/constants.js';
import type { Socket } from '../socket-io/socket.io.js';
import type { Gateway } from './gateway.js';

/** The gateway instance of one client, with the context in which its dependencies were created. */
export interface GatewayInstance {
  readonly instance: object;
  readonly contextId: ContextId;
}

/** Creates the instances of request-scoped gateways, one for each client. The client is their injectable `REQUEST`. */
@Injectable()
export class GatewayInstances {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** @throws what the constructor of the gateway, or of one of its dependencies, throws */
  async of(gateway: Gateway, client: Socket): Promise<GatewayInstance> {
    const contextId = this.contextOf(client, gateway.wrapper.isDependencyTreeDurable());
    const host = this.modules.get(gateway.moduleKey)!;
    // Private to Nest. `ModuleRef#resolve` searches all modules, and may find the class in another module.
    const instance = await this.moduleRef['injector'].loadPerContext(
      gateway.instance,
      host,
      host.providers,
      contextId,
      gateway.wrapper,
    );
    giveServer(gateway.instance, instance);
    return { instance, contextId };
  }

  /** Stored on the client under Nest's own symbol, so that all code gets the same context for it. */
  private contextOf(client: Socket, durable: boolean): ContextId {
    const known = (client as Socket & { [REQUEST_CONTEXT_ID]?: ContextId })[REQUEST_CONTEXT_ID];
    if (known) return known;
    const contextId = ContextIdFactory.getByRequest(client);
    Object.defineProperty(client, REQUEST_CONTEXT_ID, { configurable: true, value: contextId });
    const request: unknown = durable ? contextId.payload : Object.assign(client, contextId.payload);
    this.moduleRef.registerRequestByContextId(request, contextId);
    return contextId;
  }
}

/** Copies the `@WebSocketServer()` properties, which Nest sets at boot and only on the stand-in. */
function giveServer(standIn: object, instance: object): void {
  if (standIn === instance) return;
  for (const property in standIn) {
    if (Reflect.getMetadata(GATEWAY_SERVER_METADATA, standIn, property) === undefined) continue;
    Reflect.set(instance, property, Reflect.get(standIn, property));
  }
}
