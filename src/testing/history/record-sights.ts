import type { Socket } from 'socket.io-client';
import type { Witness } from '../client/witness.js';
import type { HistoryRecord, Known } from './record.js';

/** Records what a client sees of its connection. @param messageIn finds the message in an event, if it has one */
export function recordSights(
  record: HistoryRecord,
  socket: Socket,
  known: Known,
  messageIn: (event: string, args: readonly unknown[]) => string | undefined,
): Witness {
  let isConnected = false;
  const connected = (): void => {
    if (isConnected) return;
    isConnected = true;
    // oxlint-disable-next-line typescript/no-useless-default-assignment -- undefined on a first connection
    const { recovered = false } = socket;
    record.add({ kind: 'connected', ...known, recovered });
  };
  return {
    connected,
    disconnected: (reason) => {
      isConnected = false;
      record.add({ kind: 'disconnected', ...known, reason });
    },
    received: (event, args) => {
      // Socket.IO emits the events that a client has missed before it emits `connect`.
      connected();
      const message = messageIn(event, args);
      if (message !== undefined) record.add({ kind: 'heard', ...known, message });
    },
  };
}
