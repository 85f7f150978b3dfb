import type { HandshakeRefusal } from './handshake-refusals.js';
import type { ClientObserver, ServerEnd } from './server-end.js';

/** The observers of all nodes, for clients that may be on any of them. */
export class NodeObservers implements ClientObserver {
  readonly refusals: ClientObserver['refusals'] = {
    has: (entry) => this.all.some(({ refusals }) => refusals.has(entry)),
    declare: (entry) => this.all.forEach(({ refusals }) => refusals.declare(entry)),
    reasonOf: (entry) => firstOf(this.all, ({ refusals }) => refusals.reasonOf(entry)),
  };
  readonly failures: ClientObserver['failures'] = {
    delete: (failure) => this.all.some(({ failures }) => failures.delete(failure)),
  };

  constructor(private readonly observers: () => Iterable<ClientObserver>) {}

  noteClient(connectionId: string, namespace: string, name: string): () => void {
    const forget = this.all.map((observer) => observer.noteClient(connectionId, namespace, name));
    return () => {
      for (const one of forget) one();
    };
  }

  adopt(socketId: string, name: string): ServerEnd | undefined {
    return firstOf(this.all, (observer) => observer.adopt(socketId, name));
  }

  claim(socketId: string, connectionId: string): ServerEnd | undefined {
    return firstOf(this.all, (observer) => observer.claim(socketId, connectionId));
  }

  async refusalOf(connectId: string): Promise<HandshakeRefusal | undefined> {
    const refusals = await Promise.all(this.all.map((observer) => observer.refusalOf(connectId)));
    return refusals.find((refusal) => refusal !== undefined);
  }

  /** Nodes that are processes share one. */
  private get all(): readonly ClientObserver[] {
    return [...new Set(this.observers())];
  }
}

function firstOf<T>(
  observers: readonly ClientObserver[],
  find: (observer: ClientObserver) => T | undefined,
): T | undefined {
  for (const observer of observers) {
    const found = find(observer);
    if (found !== undefined) return found;
  }
  return undefined;
}
