import type { Message } from '../dispatch/message.js';
import { flowOf } from '../flow/connection-flow.js';
import type { Socket } from '../socket.io.js';

/** What an event that is held takes of memory beside its data, in bytes. */
const OVERHEAD = 200;

/**
 * The events that a client has sent and that its handlers are to get when it is set up. Beyond the size of the largest
 * message, its connection is not read until then.
 */
export class HeldEvents {
  /** How many gateways set it up. */
  holds = 0;
  private readonly messages: Message[] = [];
  private bytes = 0;
  private blocks = false;

  constructor(private readonly socket: Socket) {}

  add(message: Message, bytes: number): void {
    this.messages.push(message);
    this.count(bytes + OVERHEAD);
  }

  take(): readonly Message[] {
    if (this.bytes > 0) this.count(-this.bytes);
    return this.messages;
  }

  private count(bytes: number): void {
    const { conn, nsp } = this.socket;
    const flow = flowOf(conn);
    this.bytes += bytes;
    flow?.countHeldEvents(bytes);
    const isMuch = this.bytes > nsp.server.engine.opts.maxHttpBufferSize!;
    if (isMuch && !this.blocks) flow?.block();
    if (!isMuch && this.blocks) flow?.unblock();
    this.blocks = isMuch;
  }
}
