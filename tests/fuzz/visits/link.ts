import type { Step } from '../inputs/steps.js';

/** A packet of Engine.IO's: its type and its data in one text, or the bytes of a message. */
export type Packet = string | Buffer;

/** How a visit ends: with a goodbye, with the end of the TCP connection, or with its reset. */
export type Ending = 'goodbye' | 'end' | 'reset';

/** A connection of Engine.IO's, which can be misused. */
export interface Link {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Whether something can be sent. */
  readonly isOpen: boolean;
  /** Sends packets together. */
  send(...packets: readonly Packet[]): void;
  /** Sends what is no packet. */
  breakBy(step: Step & { do: 'break by a frame' | 'break by bytes' }): void;
  end(how: Ending): void;
}

/** Whoever gets what the server sends. */
export type OnPacket = (packet: Packet) => void;
