import { isPromise } from '../errors/guarded-call.js';
import type { Gateway, Hook } from '../nest/gateway.js';
import type { Socket } from '../socket-io/socket.io.js';

/** A gateway's hook has failed on a client; `cause` is what it threw. */
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

/**
 * Calls a hook on all gateways that have it, in parallel, and awaits their promises, which Nest would drop.
 *
 * @returns the failures, once every hook has settled; undefined if no hook is asynchronous and none has failed
 */
export function callHook(
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
        ? gateway.instanceFor(client).then(({ instance }) => gateway.call(hook, client, rest, instance))
        : gateway.call(hook, client, rest);
      if (isPromise(result)) running.push(Promise.resolve(result).catch(fail));
    } catch (error) {
      fail(error);
    }
  }
  if (running.length === 0 && failures.length === 0) return undefined;
  return Promise.all(running).then(() => failures);
}
