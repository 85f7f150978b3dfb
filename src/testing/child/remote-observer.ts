import type { Cause } from '../model/execution-context.js';
import { ClientNames } from '../observer/client-names.js';
import type { HandshakeRefusal } from '../observer/handshake-refusals.js';
import { Refusals } from '../observer/refused-events.js';
import type { ClientObserver } from '../observer/server-end.js';
import { HookError } from '../report/errors.js';
import type { Activity } from '../settle/activity.js';
import type { OffsetKind } from '../socket-io/recovery-offset.js';
import type { Happening } from '../timeline/entry.js';
import type { Fact } from './facts.js';
import { RemoteConnection } from './remote-connection.js';
import { RemoteEnd, type RemoteNode } from './remote-end.js';

/** The servers of all nodes that are processes of their own, as their agents tell. */
export class RemoteObserver implements ClientObserver {
  readonly refusals = new Refusals();
  readonly failures = new Set<HookError>();
  /** The nodes whose processes run. */
  private readonly nodes = new Set<RemoteNode>();
  private readonly clientNames = new ClientNames();
  private readonly connections = new Map<string, RemoteConnection>();
  /** By the ids of the connection and of the socket. */
  private readonly ends = new Map<string, RemoteEnd>();
  private readonly offsets = new Set<OffsetKind>();

  constructor(private readonly activity: Activity) {}

  noteClient(connectionId: string, namespace: string, name: string): () => void {
    return this.clientNames.note(connectionId, namespace, name);
  }

  adopt(socketId: string, name: string): RemoteEnd | undefined {
    const end = Array.from(this.nodes, ({ ends }) => ends.get(socketId)).find((known) => known?.connected);
    if (end) end.name = name;
    return end;
  }

  claim(socketId: string, connectionId: string): RemoteEnd {
    return this.endOf(socketId, connectionId);
  }

  async refusalOf(connectId: string): Promise<HandshakeRefusal | undefined> {
    const told = Array.from(this.nodes, async ({ agent }) => {
      const refusal = await agent.ask('refusal', connectId);
      if (!refusal) throw new Error('This node has not refused it.');
      return refusal;
    });
    return Promise.any(told).catch(() => undefined);
  }

  /** The name of a client of a node; the id of its socket if it is not one of the test's. */
  nameAt({ ends }: RemoteNode, socketId: string): string {
    return ends.get(socketId)?.name ?? socketId;
  }

  /** Takes what the agent of a node tells, in its order. */
  take(node: RemoteNode, fact: Fact): void {
    switch (fact.fact) {
      case 'listening':
        this.nodes.add(node);
        for (const { offsets } of fact.servers) if (offsets) this.offsets.add(offsets);
        break;
      case 'opened':
        this.connectionOf(fact.connection).belongTo(node, fact.crowd);
        break;
      case 'closed':
        this.connections.get(fact.connection)?.close();
        this.connections.delete(fact.connection);
        break;
      case 'socket':
        node.ends.set(fact.socket, this.endOf(fact.socket, fact.connection));
        break;
      case 'fence':
        this.connections.get(fact.connection)?.takeFence(fact.id);
        break;
      case 'failed':
        this.takeFailure(node, fact);
        break;
      case 'refused': {
        const { client, entry } = fact.refusal;
        const seq = node.entries.get(entry);
        if (seq !== undefined) this.refusals.note({ ...fact.refusal, client: this.nameAt(node, client), entry: seq });
        break;
      }
      case 'recorded': {
        const seq = this.takeEntry(node, fact.happening, this.causeOf(node, fact.cause));
        if (seq !== undefined) node.entries.set(fact.seq, seq);
      }
    }
  }

  /** Called when the process of a node has ended: its connections have ended too. */
  forget(node: RemoteNode): void {
    this.nodes.delete(node);
    for (const end of node.ends.values()) {
      if (!end.connected) continue;
      end.connected = false;
      end.membership.end();
    }
    for (const [id, connection] of this.connections) {
      if (connection.node !== node) continue;
      connection.close();
      this.connections.delete(id);
    }
    this.activity.moved();
  }

  /** @returns its `seq` in the timeline of the test, if it has an entry there */
  private takeEntry(node: RemoteNode, told: Happening, cause: Cause | undefined): number | undefined {
    const end = 'client' in told && told.client !== undefined ? node.ends.get(told.client) : undefined;
    if (end && told.kind === 'connected') {
      end.name = this.clientNames.get(end.conn.id, told.namespace) ?? end.conn.crowd ?? end.name;
    }
    // The client itself has recorded what it sends and receives.
    if (end?.isOwn && told.kind === 'sent') return end.takeSent(told.event);
    if (end?.isOwn && told.kind === 'received') {
      end.noteOutgoing(told.event, cause);
      return undefined;
    }
    if (told.kind === 'logged') return node.logs.takeRecorded(told, cause);
    const seq = node.record(end ? ({ ...told, client: end.name } as Happening) : told, cause);
    if (end) this.noteChange(end, told, seq, cause);
    return seq;
  }

  private noteChange(end: RemoteEnd, told: Happening, seq: number, cause: Cause | undefined): void {
    if (told.kind === 'connected') end.connection = seq;
    else if (told.kind === 'joined') end.membership.join(told.room);
    else if (told.kind === 'left') end.membership.leave(told.room);
    else if (told.kind === 'disconnected') {
      end.connected = false;
      end.membership.end();
      end.disconnection = seq;
      end.disconnectReason = told.reason;
      end.disconnectCause = cause;
    } else return this.activity.changed();
    this.activity.moved();
  }

  private takeFailure(node: RemoteNode, { socket, hook, error, isContained }: Extract<Fact, { fact: 'failed' }>): void {
    const failure = new HookError(hook, this.nameAt(node, socket), error, isContained);
    node.ends.get(socket)?.failures.push(failure);
    if (!isContained) this.failures.add(failure);
    this.activity.changed();
  }

  private causeOf(node: RemoteNode, cause: Cause | undefined): Cause | undefined {
    if (!cause) return undefined;
    const { client, event, entry } = cause;
    return {
      client: client === undefined ? undefined : this.nameAt(node, client),
      event,
      entry: entry === undefined ? undefined : node.entries.get(entry),
    };
  }

  private connectionOf(id: string): RemoteConnection {
    let connection = this.connections.get(id);
    if (!connection) this.connections.set(id, (connection = new RemoteConnection(id)));
    return connection;
  }

  private endOf(socketId: string, connectionId: string): RemoteEnd {
    const key = `${connectionId} ${socketId}`;
    let end = this.ends.get(key);
    if (!end) {
      end = new RemoteEnd(socketId, this.connectionOf(connectionId), this.offsets);
      this.ends.set(key, end);
    }
    return end;
  }
}
