import { Inbox } from '../client/inbox.js';
import type { Receiver } from '../client/receiver.js';
import type { ServerEnd } from '../observer/server-end.js';

/** One client of a crowd, as far as the test knows it. Its socket is in another process. */
export class Member implements Receiver {
  readonly inbox: Inbox;
  /** The socket's latest id; `undefined` if it never had one. */
  id: string | undefined;
  /** Whether it is connected, will connect by itself, or is disconnected for good. */
  state: 'connecting' | 'connected' | 'gone' = 'connecting';
  /** Why it was refused, or Socket.IO's reason for its latest disconnect. */
  reason: string | undefined;
  wasRefused = false;
  /** The server's end of each connection. */
  readonly serverEnds: ServerEnd[] = [];

  constructor(
    /** Its number in the crowd, from 0. */
    readonly index: number,
    /** The name of the crowd. */
    readonly crowd: string,
    readonly namespace: string,
    onChange: () => void,
  ) {
    this.inbox = new Inbox(onChange);
  }

  get name(): string {
    return `client ${this.index} of ${this.crowd}`;
  }

  get connected(): boolean {
    return this.state === 'connected';
  }

  get isGone(): boolean {
    return this.state === 'gone';
  }

  /** The server's end of the latest connection. It stays after a disconnect. */
  get serverEnd(): ServerEnd | undefined {
    return this.serverEnds.at(-1);
  }

  get node(): object | undefined {
    return this.serverEnd?.node;
  }

  wasIn(moment: number | undefined, room?: string): boolean {
    if (moment !== undefined) return this.serverEnds.some(({ membership }) => membership.wasIn(moment, room));
    return this.connected && (room === undefined || (this.serverEnd?.membership.rooms.has(room) ?? false));
  }

  /** Whether both ends agree: both connected, or both disconnected. */
  get agrees(): boolean {
    if (this.state === 'connecting') return false;
    return this.serverEnd ? this.serverEnd.connected === this.connected : this.isGone;
  }
}
