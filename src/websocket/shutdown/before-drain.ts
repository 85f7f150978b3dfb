import type { ModulesContainer } from '@nestjs/core';
import { logFailure } from '../errors/report-error.js';

/**
 * A gateway or another provider that has something to do while its clients are still connected, when the app is closed:
 * a last broadcast, for instance. New clients are not let in any more by then. The hook is awaited, for two fifths of
 * `shutdown.timeout` at most; Nest's own hooks of a shutdown come when the clients have left.
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

/** Calls the hook of every provider that has it, side by side. What one fails with is logged. */
export async function callBeforeDrain(modules: ModulesContainer): Promise<void> {
  const wrappers = Array.from(modules.values()).flatMap(({ providers }) => [...providers.values()]);
  const statics = wrappers.filter((one) => one.isDependencyTreeStatic());
  await Promise.all(Array.from(new Set(statics.map(({ instance }) => instance)), callOn));
}

async function callOn(provider: unknown): Promise<void> {
  try {
    await (provider as Partial<BeforeDrain> | null | undefined)?.beforeDrain?.();
  } catch (error) {
    logFailure(`${(provider as object).constructor.name}.beforeDrain failed`, error);
  }
}
