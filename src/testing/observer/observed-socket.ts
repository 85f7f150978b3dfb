import type { Socket } from '../../websocket/index.js';
import type { Activity } from '../settle/activity.js';
import type { HookError } from '../errors.js';
import { executionContext } from './execution-context.js';
import type { ExecutionContext } from './execution-context.js';

/** A client's connection to a namespace, seen from the server. */
export class ObservedSocket {
  /** Hooks that failed for it, until somebody has been told. */
  readonly failures: HookError[] = [];
  private pendingHooks = 0;
  private packetsSent = 0;

  constructor(
    readonly socket: Socket,
    /** The client's name, or the socket's id when the harness did not open it. */
    readonly name: string,
    private readonly activity: Activity,
    contextOf: (event: string) => ExecutionContext,
  ) {
    socket.conn.on('packet', ({ type }) => {
      if (type === 'message') activity.moved();
    });
    socket.conn.on('packetCreate', () => (this.packetsSent += 1));
    this.observePackets(contextOf);
  }

  /** Whether the server has sent nothing to the client since it let it in. */
  get untouched(): boolean {
    return this.packetsSent === 0 && this.socket.connected;
  }

  /** Whether every hook that was called for it has settled. */
  get hooksSettled(): boolean {
    return this.pendingHooks === 0;
  }

  /** Notes that a hook runs. @returns the function that ends it, to be called once */
  beginHook(hook: string): () => void {
    this.pendingHooks += 1;
    const end = this.activity.begin(hook, { client: this.name });
    return () => {
      this.pendingHooks -= 1;
      end();
    };
  }

  /**
   * A packet is in flight while asynchronous middlewares of `socket.use` hold it, and what they do is caused by it.
   * `Socket#run` calls them; it is private, and no documented seam sees both its ends.
   */
  private observePackets(contextOf: (event: string) => ExecutionContext): void {
    type Run = (event: [string, ...unknown[]], next: (error?: Error | null) => void) => void;
    const socket = this.socket as unknown as { run: Run };
    // A middleware may drop a packet by never calling next(); with its sender gone that is no longer waited for.
    const held = new Set<() => void>();
    this.socket.once('disconnect', () => {
      for (const end of held) end();
    });
    const run = socket.run.bind(this.socket);
    socket.run = (event, next) => {
      const end = this.activity.begin(`socket.use for "${event[0]}"`, { client: this.name });
      held.add(end);
      executionContext.run(contextOf(event[0]), () =>
        run(event, (error) => {
          held.delete(end);
          end();
          next(error);
        }),
      );
    };
  }
}
