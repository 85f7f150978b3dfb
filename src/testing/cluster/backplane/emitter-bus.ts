import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from '../../timing/real-time.js';
import type { Network } from './backplane.js';
import { decode, encode } from '../../model/encoded.js';

/** The adapter of one namespace on one node. */
export interface Member {
  readonly node: number;
  readonly namespace: string;
  /** Identifies it, for answers to what it asked. */
  readonly uid: string;
  /** Called with each message of another member. */
  receive(message: unknown): void;
  /** Called when the network between two nodes is cut: the member no longer sees the other one. */
  onLost(uid: string): void;
  /** Called when the network has changed: the member introduces itself to those that it can reach. */
  onRegrouped(): void;
  /** Leaves the bus. */
  close(): void;
}

/**
 * Carries messages between the nodes of this process, as a backplane over a network does: encoded, later, and in the
 * order in which they were sent.
 */
export class EmitterBus implements Network {
  private readonly members = new Set<Member>();
  private groups: readonly (readonly number[])[] = [];
  private inFlight = 0;
  private onIdle: (() => void)[] = [];
  /** A message arrives in none of its sender's contexts, as from a network. */
  private readonly network = new AsyncResource('EmitterBus');

  join(member: Member): void {
    this.members.add(member);
  }

  leave(member: Member): void {
    this.members.delete(member);
  }

  /** Removes what is left of a node: the adapters that its app has replaced, which Socket.IO does not close. */
  closeNode(node: number): void {
    for (const member of this.members) if (member.node === node) member.close();
  }

  /** Sends a message to the other members of the namespace, or an answer to the one that asked. */
  publish(from: Member, message: unknown, to?: string): void {
    const encoded = encode(message);
    for (const member of this.members) {
      if (member === from || member.namespace !== from.namespace || (to !== undefined && member.uid !== to)) continue;
      if (!this.isConnected(from, member)) continue;
      this.inFlight += 1;
      this.network.runInAsyncScope(setImmediate, undefined, () => {
        try {
          if (this.members.has(member) && this.isConnected(from, member)) member.receive(decode(encoded));
        } finally {
          this.noteArrived();
        }
      });
    }
  }

  /** A message from one group to another is lost, and so is one that is under way. */
  partition(...groups: readonly (readonly number[])[]): void {
    this.groups = groups;
    for (const one of this.members)
      for (const other of this.members) if (!this.isConnected(one, other)) one.onLost(other.uid);
    for (const member of this.members) member.onRegrouped();
  }

  heal(): void {
    this.partition();
  }

  /** Resolves when no message is in flight. */
  async idle(): Promise<void> {
    if (this.inFlight > 0) await new Promise<void>((resolve) => this.onIdle.push(resolve));
  }

  private isConnected(one: Member, other: Member): boolean {
    return this.groupOf(one) === this.groupOf(other);
  }

  private groupOf({ node }: Member): number {
    return this.groups.findIndex((group) => group.includes(node));
  }

  private noteArrived(): void {
    this.inFlight -= 1;
    if (this.inFlight > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }
}
