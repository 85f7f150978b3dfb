import { Inject, Injectable } from '@nestjs/common';
import { isPromise } from '../promise.js';
import type { Gateway, Hook } from '../gateways/gateway.js';
import { GatewayInstances } from '../gateways/gateway-instances.js';
import type { Socket } from '../socket.io.js';

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
   * @returns a promise when one of them is asynchronous
   * @throws HookFailure of the first that fails; the promise rejects with it. Every hook is called
   */
  call(
    gateways: readonly Gateway[],
    hook: Hook,
    client: Socket,
    ...rest: readonly unknown[]
  ): Promise<void> | undefined {
    const running: Promise<unknown>[] = [];
    const failures: HookFailure[] = [];
    for (const gateway of gateways) {
      if (!gateway.has(hook)) continue;
      const fail = (error: unknown): HookFailure => new HookFailure(gateway, hook, client, error);
      try {
        const result = gateway.isScoped
          ? this.instances
              .of(gateway, client)
              .then(({ instance }) => gateway.call(hook, client, rest, instance))
          : gateway.call(hook, client, rest);
        if (isPromise(result))
          running.push(Promise.resolve(result).catch((error) => failures.push(fail(error))));
      } catch (error) {
        failures.push(fail(error));
      }
    }
    const conclude = (): void => {
      if (failures.length > 1) throw new AggregateError(failures, 'Several hooks failed');
      if (failures[0]) throw failures[0];
    };
    if (running.length === 0) conclude();
    return running.length > 0 ? Promise.all(running).then(conclude) : undefined;
  }
}
