import type { Socket } from 'socket.io-client';

/** Gets what one client sees of its connection, in the order in which the client sees it. */
export interface Witness {
  connected(): void;
  disconnected(reason: string): void;
  received(event: string, args: readonly unknown[]): void;
}

/** Called for each new client. @returns `undefined` if nobody wants to know what it sees */
export type WitnessFor = (socket: Socket, name: string) => Witness | undefined;
