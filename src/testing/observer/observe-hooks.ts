import { wrapMethod } from './patch.js';
import { HookError } from '../report/errors.js';
import type { Socket } from '../../websocket/index.js';
import { executionContext } from '../model/execution-context.js';
import type { Gateway, Hook } from './gateways.js';
import type { ObservedSocket, Seen } from './observed-socket.js';
import { endWith } from './work-result.js';

const HOOKS = ['handleConnection', 'handleDisconnect'] as const;

/** Observes every call of `handleConnection` and `handleDisconnect`, and records what they throw. */
export class HookObserver {
  /** Calls of hooks that are still to come, by gateway, then by socket and hook: the functions that end the wait. */
  private readonly expected = new Map<Gateway, Map<string, () => void>>();

  constructor(
    private readonly gateways: readonly Gateway[],
    private readonly seen: Seen,
    /** Whether the app catches what a hook throws, as WebsocketModule does. In plain Nest it ends the process. */
    private readonly isContained: boolean,
  ) {
    for (const gateway of gateways)
      for (const hook of HOOKS) if (gateway.has(hook)) seen.app.undo.push(this.observe(gateway, hook));
  }

  /**
   * Records hooks that are called later. Nest instantiates a scoped gateway for the client before it calls the hook,
   * and a wrapper sees only the call. The kit's module calls `handleDisconnect` when `handleConnection` has settled.
   */
  expect(observed: ObservedSocket, hook: Hook): void {
    const waits = this.isContained && hook === 'handleDisconnect' && !observed.hooksSettled;
    for (const gateway of this.gateways) {
      if (!(gateway.scoped || waits) || !gateway.has(hook) || !gateway.serves(observed.socket.nsp.name)) continue;
      const calls = this.expected.get(gateway) ?? new Map<string, () => void>();
      this.expected.set(gateway, calls);
      calls.set(`${observed.socket.id} ${hook}`, observed.beginHook(`${gateway.name}.${hook}`));
    }
  }

  /** Wraps a hook, because RxJS drops what the hook returns. @returns the function that removes the wrapper */
  private observe(gateway: Gateway, hook: Hook): () => void {
    const name = `${gateway.name}.${hook}`;
    const event = hook === 'handleConnection' ? 'connection' : 'disconnect';
    return wrapMethod(gateway.target, hook, ([client], call) => {
      const socket = client as Socket;
      const observed = this.seen.of(socket);
      if (!observed) return call();
      const [calls, key] = [this.expected.get(gateway), `${socket.id} ${hook}`];
      const end = calls?.get(key) ?? observed.beginHook(name);
      calls?.delete(key);
      observed.endRetry(name);
      const entry = hook === 'handleConnection' ? observed.connection : observed.disconnection;
      const context = { app: this.seen.app.identity, cause: { client: observed.name, event, entry } };
      return executionContext.run(context, () =>
        this.caught(gateway.scoped, () =>
          endWith(call, (error) => {
            if (error) {
              observed.noteFailure(new HookError(name, observed.name, error.thrown, this.isContained));
              if (this.isContained && hook === 'handleConnection') observed.expectRetry(name);
            }
            end();
          }),
        ),
      );
    });
  }
  /**
   * The failure is already recorded. If nothing catches it, it would be an unhandled error of the whole test run. Nest
   * itself catches what a scoped gateway's hook throws synchronously, and gives it to the app's exception filters.
   */
  private caught(isScoped: boolean, call: () => unknown): unknown {
    const { isContained } = this;
    const { isApart } = this.seen.app;
    try {
      const result = call();
      if (!(result instanceof Promise) || isContained) return result;
      // To Node, a promise that the observer listens to is handled. The one that `then` returns is not.
      return isApart ? result.then((value: unknown) => value) : result.catch(() => {});
    } catch (error) {
      if (isScoped || isContained || isApart) throw error;
      return undefined;
    }
  }
}
