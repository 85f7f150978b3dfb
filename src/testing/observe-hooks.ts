import { HookError } from './errors.js';
import { executionContext } from './execution-context.js';
import { wrapHook } from './gateways.js';
import type { Gateway, Hook } from './gateways.js';
import type { ObservedSocket } from './observed-socket.js';
import type { ServerObserver } from './server-observer.js';
import { endWith } from './work-result.js';

/** Sees every `handleConnection` and `handleDisconnect` run, and catches what they throw. */
export class HookObserver {
  /** Calls of scoped gateways' hooks that have to come, by socket and hook: the functions that end them. */
  private readonly expected = new Map<string, () => void>();
  private readonly restores: (() => void)[];

  constructor(
    private readonly gateways: readonly Gateway[],
    private readonly observer: ServerObserver,
  ) {
    this.restores = gateways.flatMap((gateway) => [
      this.observe(gateway, 'handleConnection'),
      this.observe(gateway, 'handleDisconnect'),
    ]);
  }

  uninstall(): void {
    for (const restore of this.restores) restore();
  }

  /**
   * Notes the hooks of scoped gateways that are about to be called. Nest instantiates such a gateway for the client
   * before it calls the hook, and only when the hook runs does a wrapper see it.
   */
  expectScoped(observed: ObservedSocket, hook: Hook): void {
    for (const gateway of this.gateways) {
      if (!gateway.scoped || !gateway.has(hook) || !gateway.serves(observed.socket.nsp.name)) continue;
      const name = `${gateway.name}.${hook}`;
      this.expected.set(`${observed.socket.id} ${name}`, observed.beginHook(name));
    }
  }

  private observe(gateway: Gateway, hook: Hook): () => void {
    const name = `${gateway.name}.${hook}`;
    const event = hook === 'handleConnection' ? 'connection' : 'disconnect';
    return wrapHook(gateway, hook, (socket, call) => {
      const observed = this.observer.find(socket.id);
      if (observed?.socket !== socket) return call();
      const key = `${socket.id} ${name}`;
      const end = this.expected.get(key) ?? observed.beginHook(name);
      this.expected.delete(key);
      return executionContext.run(this.observer.contextOf(socket, event), () =>
        caught(() =>
          endWith(call, (error) => {
            if (error) this.observer.noteFailure(observed, new HookError(name, observed.name, error.thrown));
            end();
          }),
        ),
      );
    });
  }
}

/** What a hook throws has been noted; thrown on, it would be an unhandled error of the whole test run. */
function caught(call: () => unknown): unknown {
  try {
    const result = call();
    return result instanceof Promise ? result.catch(() => {}) : result;
  } catch {
    return undefined;
  }
}
