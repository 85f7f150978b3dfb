import { HookError } from '../report/errors.js';
import type { Socket } from '../../websocket/index.js';
import { executionContext, type Cause, type ExecutionContext } from '../model/execution-context.js';
import { wrapHook, type Gateway, type Hook } from './gateways.js';
import type { ObservedSocket } from './observed-socket.js';
import { endWith } from './work-result.js';

/** Gets the failures of hooks, and knows the clients that hooks are called for. */
export interface HookListener {
  of(socket: Socket): ObservedSocket | undefined;
  contextBy(cause: Cause): ExecutionContext;
  noteFailure(observed: ObservedSocket, failure: HookError): void;
}

/** Observes every call of `handleConnection` and `handleDisconnect`, and records what they throw. */
export class HookObserver {
  /** Calls of hooks that are still to come, by gateway, then by socket and hook: the functions that end the wait. */
  private readonly expected = new Map<Gateway, Map<string, () => void>>();
  private readonly restores: (() => void)[];

  constructor(
    private readonly gateways: readonly Gateway[],
    private readonly listener: HookListener,
    /** Whether the app catches what a hook throws, as WebsocketModule does. In plain Nest it ends the process. */
    private readonly isContained: boolean,
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

  private observe(gateway: Gateway, hook: Hook): () => void {
    const name = `${gateway.name}.${hook}`;
    const event = hook === 'handleConnection' ? 'connection' : 'disconnect';
    return wrapHook(gateway, hook, (socket, call) => {
      const observed = this.listener.of(socket);
      if (!observed) return call();
      const [calls, key] = [this.expected.get(gateway), `${socket.id} ${hook}`];
      const end = calls?.get(key) ?? observed.beginHook(name);
      calls?.delete(key);
      observed.endRetry(name);
      const entry = hook === 'handleConnection' ? observed.connection : observed.disconnection;
      return executionContext.run(this.listener.contextBy({ client: observed.name, event, entry }), () =>
        caught({ throws: gateway.scoped || this.isContained, rejections: this.isContained }, () =>
          endWith(call, (error) => {
            if (error) {
              this.listener.noteFailure(observed, new HookError(name, observed.name, error.thrown, this.isContained));
              if (this.isContained && hook === 'handleConnection') observed.expectRetry(name);
            }
            end();
          }),
        ),
      );
    });
  }
}

/**
 * The failure is already recorded. If nothing catches it, it would be an unhandled error of the whole test run. Nest
 * itself catches what a scoped gateway's hook throws synchronously, and gives it to the app's exception filters.
 */
function caught(isCaught: { throws: boolean; rejections: boolean }, call: () => unknown): unknown {
  try {
    const result = call();
    return result instanceof Promise && !isCaught.rejections ? result.catch(() => {}) : result;
  } catch (error) {
    if (isCaught.throws) throw error;
    return undefined;
  }
}
