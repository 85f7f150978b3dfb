import {
  observeFences,
  sendFenceToClient,
  sendFenceToServer,
  type ClientEnd,
  type End,
  type FenceEnd,
} from './fence.js';

/*
 * The fences of `fence.ts`, for many connections at once whose two ends are in different processes. One number is the
 * fence of all connections. Each process sends it from its ends, and waits for it at its ends.
 */

const PREFIX = 'many-';

export function sendNumberToServer(client: ClientEnd, fence: number): void {
  sendFenceToServer(client, `${PREFIX}${fence}`);
}

export function sendNumberToClient(server: FenceEnd, fence: number): void {
  sendFenceToClient(server, `${PREFIX}${fence}`);
}

/** Waits for fences at many ends. Fences are numbers that rise, and a connection keeps their order. */
export class FenceLine {
  /** The last fence that has arrived at each end. */
  private readonly arrived = new Map<End, number>();
  private readonly waits = new Set<(end: End) => void>();

  /** Starts to watch an end. It is forgotten when it closes. */
  watch(end: End): void {
    if (this.arrived.has(end)) return;
    this.arrived.set(end, 0);
    observeFences(end, (id) => {
      if (!id.startsWith(PREFIX)) return;
      this.arrived.set(end, Number(id.slice(PREFIX.length)));
      for (const look of this.waits) look(end);
    });
    end.on('close', () => {
      this.arrived.delete(end);
      for (const look of this.waits) look(end);
    });
  }

  /**
   * Resolves when the fence has arrived at each of these ends, or the end is closed.
   *
   * @param unsent resolves to the ends to which the other process has sent no fence, once it has sent the others
   */
  async passed(fence: number, ends: Iterable<End>, unsent: Promise<Iterable<End>>): Promise<void> {
    const missing = new Set<End>();
    const isMissing = (end: End): boolean => (this.arrived.get(end) ?? Infinity) < fence;
    for (const end of ends) if (isMissing(end)) missing.add(end);
    let resolve: () => void;
    const passed = new Promise<void>((done) => (resolve = done));
    const look = (end: End): void => {
      if (!isMissing(end)) missing.delete(end);
      if (missing.size === 0) resolve();
    };
    this.waits.add(look);
    try {
      for (const end of await unsent) missing.delete(end);
      if (missing.size > 0) await passed;
    } finally {
      this.waits.delete(look);
    }
  }
}
