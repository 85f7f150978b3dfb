import { Inject, Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, ModulesContainer, type ContextId } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
import { GATEWAY_SERVER_METADATA } from '@nestjs/websockets/constants.js';
import type { Socket } from '../socket-io/socket.io.js';
import type { Gateway } from './gateway.js';

/** A gateway that is there for one client, with the context that its dependencies were made in. */
export interface GatewayInstance {
  readonly instance: object;
  readonly contextId: ContextId;
}

/** Makes the instances of request-scoped gateways: one for each client, which is the `REQUEST` that they can inject. */
@Injectable()
export class GatewayInstances {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** @throws what the constructor of the gateway, or of something that it needs, has thrown */
  async of(gateway: Gateway, client: Socket): Promise<GatewayInstance> {
    const contextId = this.contextOf(client, gateway.wrapper.isDependencyTreeDurable());
    const host = this.modules.get(gateway.moduleKey)!;
    // Private to Nest; `ModuleRef#resolve` looks a class up anywhere, and may find that of another module.
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

  /** Kept at the client under Nest's own symbol, so that whoever asks for its context gets the same. */
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

/** Nest sets what `@WebSocketServer()` decorates at boot, on the stand-in. */
function giveServer(standIn: object, instance: object): void {
  if (standIn === instance) return;
  for (const property in standIn) {
    if (Reflect.getMetadata(GATEWAY_SERVER_METADATA, standIn, property) === undefined) continue;
    Reflect.set(instance, property, Reflect.get(standIn, property));
  }
}
