import type { Type } from '@nestjs/common';
import { GATEWAY_OPTIONS, GATEWAY_SERVER_METADATA, PORT_METADATA } from '@nestjs/websockets/constants.js';
import { ContextIdFactory, type ContextId, type ModuleRef } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Server, ServerOptions, Socket } from '../socket-io/socket.io.js';

/** The hooks of a gateway that are called for a client. */
export type Hook = 'handleConnection' | 'handleDisconnect';

type Hooks = Partial<Record<Hook, (client: Socket, ...rest: unknown[]) => unknown>>;

/** The name of a namespace, a pattern of names, or a function that decides which names exist. */
export type NamespaceName = Parameters<Server['of']>[0];

/** Where a server is. Port 0 is the app's own. Without a path, the module's option or Socket.IO's default applies. */
export interface Place {
  readonly port: number;
  readonly path: string | undefined;
}

/** A provider that is decorated with `@WebSocketGateway`. */
export class Gateway {
  /** Its class name. */
  readonly name: string;
  /** The instance or, if Nest instantiates the gateway for each client, a stand-in with its methods. */
  readonly instance: object;
  /** Whether Nest instantiates it for each client. */
  readonly isScoped: boolean;
  place: Place;
  /** The Socket.IO options that its decorator sets. */
  readonly serverOptions: ServerOptions;
  /** With the leading slash. */
  readonly namespace: NamespaceName;
  /** The result of its `afterInit`, once Nest has called it. */
  initialised: Promise<unknown> | undefined;

  constructor(
    readonly wrapper: InstanceWrapper,
    private readonly moduleRef: ModuleRef,
  ) {
    const metatype = wrapper.metatype as Type;
    const { namespace = '/', ...serverOptions } = (Reflect.getMetadata(GATEWAY_OPTIONS, metatype) ?? {}) as {
      namespace?: NamespaceName;
    } & ServerOptions;
    const port = Reflect.getMetadata(PORT_METADATA, metatype) as number | undefined;
    this.name = metatype.name;
    this.instance = wrapper.instance as object;
    this.isScoped = !wrapper.isDependencyTreeStatic();
    this.place = { port: port ?? 0, path: serverOptions.path };
    this.serverOptions = serverOptions;
    this.namespace = withSlash(namespace);
    this.watchInit();
  }

  serves(namespace: NamespaceName): boolean {
    return isSameNamespace(this.namespace, withSlash(namespace));
  }

  has(hook: Hook): boolean {
    return typeof (this.instance as Hooks)[hook] === 'function';
  }

  /** Calls a hook of this gateway, or of the client's own instance of it. */
  call(hook: Hook, client: Socket, rest: readonly unknown[], instance = this.instance): unknown {
    return (instance as Hooks)[hook]?.(client, ...rest);
  }

  /**
   * Returns a client's instance of a request-scoped gateway. The client is its injectable `REQUEST`.
   *
   * @throws what the constructor of the gateway, or of one of its dependencies, throws
   */
  async instanceFor(client: Socket): Promise<{ readonly instance: object; readonly contextId: ContextId }> {
    const { wrapper } = this;
    const host = wrapper.host!;
    const contextId = this.contextOf(client, wrapper.isDependencyTreeDurable());
    // Private to Nest. `ModuleRef#resolve` searches all modules, and may find the class in another module.
    const instance = await this.moduleRef['injector'].loadPerContext(
      this.instance,
      host,
      host.providers,
      contextId,
      wrapper,
    );
    // Nest sets the `@WebSocketServer()` properties at boot, and only on the stand-in.
    for (const property in this.instance)
      if (Reflect.hasMetadata(GATEWAY_SERVER_METADATA, this.instance, property))
        Reflect.set(instance, property, Reflect.get(this.instance, property));
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

  /** Keeps the result of `afterInit`. Nest ignores its promise, and what it throws would be an uncaught exception. */
  private watchInit(): void {
    const { instance } = this;
    const { afterInit } = instance as { afterInit?: (server: unknown) => unknown };
    if (typeof afterInit !== 'function') return;
    Object.defineProperty(instance, 'afterInit', {
      configurable: true,
      writable: true,
      value: (server: unknown): void => {
        // Called synchronously, as in Nest.
        this.initialised = new Promise((resolve) => resolve(afterInit.call(instance, server)));
        // `Gateways#initialised` reports it at the end of the boot.
        this.initialised.catch(() => {});
      },
    });
  }
}

export function isSamePlace(one: Place, other: Place): boolean {
  return one.port === other.port && one.path === other.path;
}

/** Compares patterns by their text, but not functions: two with the same text may use different variables. */
export function isSameNamespace(one: NamespaceName, other: NamespaceName): boolean {
  return one === other || (typeof one !== 'function' && String(one) === String(other));
}

function withSlash(namespace: NamespaceName): NamespaceName {
  return typeof namespace !== 'string' || namespace.startsWith('/') ? namespace : `/${namespace}`;
}
