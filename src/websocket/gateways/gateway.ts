import type { Type } from '@nestjs/common';
import { GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/constants.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { ServerOptions, Socket } from '../socket.io.js';

/** The hooks of a gateway that are called for a client. */
export type Hook = 'handleConnection' | 'handleDisconnect';

type Hooks = Partial<Record<Hook, (client: Socket, ...rest: unknown[]) => unknown>>;

/** A provider that is decorated with `@WebSocketGateway`. */
export class Gateway {
  /** Its class name. */
  readonly name: string;
  /** The port that it declares; 0 is the app's own. */
  readonly port: number;
  /** What it declares of Socket.IO's options. */
  readonly serverOptions: ServerOptions;
  /** Its namespace with the leading slash, or the pattern of its namespaces. */
  readonly namespace: string | RegExp;
  /** What its `afterInit` comes to, once Nest has called it. */
  initialised: Promise<unknown> | undefined;

  constructor(
    readonly wrapper: InstanceWrapper,
    /** The module that provides it, as Nest's container keys it. */
    readonly moduleKey: string,
  ) {
    const metatype = wrapper.metatype as Type;
    const { namespace = '/', ...serverOptions } = (Reflect.getMetadata(GATEWAY_OPTIONS, metatype) ?? {}) as {
      namespace?: string | RegExp;
    } & ServerOptions;
    this.name = metatype.name;
    this.port = (Reflect.getMetadata(PORT_METADATA, metatype) as number | undefined) ?? 0;
    this.serverOptions = serverOptions;
    this.namespace = withSlash(namespace);
    this.watchInit();
  }

  /** The instance or, of a gateway that Nest instantiates for each client, a stand-in with its methods. */
  get instance(): object {
    return this.wrapper.instance as object;
  }

  /** Whether Nest instantiates it for each client. */
  get isScoped(): boolean {
    return !this.wrapper.isDependencyTreeStatic();
  }

  serves(port: number, path: string | undefined, namespace: string | RegExp): boolean {
    return (
      this.port === port &&
      this.serverOptions.path === path &&
      String(this.namespace) === String(withSlash(namespace))
    );
  }

  has(hook: Hook): boolean {
    return typeof (this.instance as Hooks)[hook] === 'function';
  }

  /** Calls a hook of this gateway, or of the instance of it that is the client's. */
  call(hook: Hook, client: Socket, rest: readonly unknown[], instance = this.instance): unknown {
    return (instance as Hooks)[hook]?.(client, ...rest);
  }

  /** Nest drops the promise of `afterInit`, and lets what it throws become an uncaught error. */
  private watchInit(): void {
    const { instance } = this;
    const { afterInit } = instance as { afterInit?: (server: unknown) => unknown };
    if (typeof afterInit !== 'function') return;
    Object.defineProperty(instance, 'afterInit', {
      configurable: true,
      writable: true,
      value: (server: unknown): void => {
        // Called at once, as Nest does.
        this.initialised = new Promise((resolve) => resolve(afterInit.call(instance, server)));
        // Told at the end of the boot.
        this.initialised.catch(() => {});
      },
    });
  }
}

function withSlash(namespace: string | RegExp): string | RegExp {
  return namespace instanceof RegExp || namespace.startsWith('/') ? namespace : `/${namespace}`;
}
