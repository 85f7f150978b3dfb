import { DiscoveryService, type ModulesContainer } from '@nestjs/core';
import { logFailure } from '../errors/report-error.js';

/**
 * A hook of gateways and other providers that runs at shutdown while the clients are still connected, for example for a
 * last broadcast. New clients are already refused. The hook is awaited for at most two fifths of `shutdown.timeout`. By
 * default, Nest's own shutdown hooks run after the clients have left.
 *
 * @example
 * ```ts
 * @WebSocketGateway()
 * export class GameGateway implements BeforeDrain {
 *   @WebSocketServer() private readonly server: Server;
 *
 *   beforeDrain(): void {
 *     this.server.emit('game:saved');
 *   }
 * }
 * ```
 */
export interface BeforeDrain {
  beforeDrain(): void | Promise<void>;
}

/** Calls the hook of all providers that have it, except request-scoped ones, in parallel. Logs their errors. */
export async function callBeforeDrain(modules: ModulesContainer): Promise<void> {
  const statics = new DiscoveryService(modules).getProviders().filter((one) => one.isDependencyTreeStatic());
  await Promise.all(Array.from(new Set(statics.map(({ instance }) => instance)), callOn));
}

async function callOn(provider: unknown): Promise<void> {
  try {
    await (provider as Partial<BeforeDrain> | null | undefined)?.beforeDrain?.();
  } catch (error) {
    logFailure(`${(provider as object).constructor.name}.beforeDrain failed`, error);
  }
}
