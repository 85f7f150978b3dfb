import { Inject, Injectable } from '@nestjs/common';
import { isPromise } from '../errors/guarded-call.js';
import { GatewayInstances } from '../nest/gateway-instances.js';
import type { Gateway, Hook } from '../nest/gateway.js';
import type { Socket } from '../socket-io/socket.io.js';

/** A hook of a gateway has failed on a client. */
export class HookFailure extends Error {
  override readonly name = 'HookFailure';

  constructor(
    readonly gateway: Gateway,
    hook: Hook,
    client: Socket,
    cause: unknown,
  ) {
    super(`${gateway.name}.${hook} failed on client ${client.id}`, { cause });
  }
}

/** Calls the hooks of gateways, whose promises Nest drops. */
@Injectable()
export class Hooks {
  constructor(@Inject(GatewayInstances) private readonly instances: GatewayInstances) {}

  /**
   * Calls a hook of all gateways that have it, side by side.
   *
   * @returns what has failed, when every hook has settled; undefined when none is asynchronous and none has failed
   */
  call(
    gateways: readonly Gateway[],
    hook: Hook,
    client: Socket,
    ...rest: readonly unknown[]
  ): Promise<readonly HookFailure[]> | undefined {
    const running: Promise<unknown>[] = [];
    const failures: HookFailure[] = [];
    for (const gateway of gateways) {
      if (!gateway.has(hook)) continue;
      const fail = (error: unknown): void => void failures.push(new HookFailure(gateway, hook, client, error));
      try {
        const result = gateway.isScoped
          ? this.instances.of(gateway, client).then(({ instance }) => gateway.call(hook, client, rest, instance))
          : gateway.call(hook, client, rest);
        if (isPromise(result)) running.push(Promise.resolve(result).catch(fail));
      } catch (error) {
        fail(error);
      }
    }
    if (running.length === 0 && failures.length === 0) return undefined;
    return Promise.all(running).then(() => failures);
  }
}
