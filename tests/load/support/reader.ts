import { setTimeout as delay } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { expect } from 'vitest';
import { startCommanded, type CommandedProcess } from '../../support/commanded-process.js';

/** A client that counts the pieces that it gets, and whether they are in order. */
export class Reader {
  received = 0;
  bytes = 0;
  inOrder = true;
  gone: string | undefined;
  readonly socket: Socket;

  constructor(url: string, transport: 'websocket' | 'polling') {
    this.socket = io(url, { transports: [transport], forceNew: true, reconnection: false });
    this.socket.on('piece', (number: number | [number, unknown], text?: string | Buffer) => {
      const [sent, data] = Array.isArray(number) ? number : [number, text];
      this.inOrder &&= sent === this.received;
      this.received += 1;
      this.bytes += (data as { length: number }).length;
    });
    this.socket.on('bulk', (text: string) => (this.bytes += text.length));
    this.socket.on('disconnect', (reason) => (this.gone = reason));
  }

  async connected(): Promise<this> {
    while (!this.socket.connected) await delay(5);
    return this;
  }

  async untilReceived(count: number, timeout = 60_000): Promise<void> {
    const deadline = Date.now() + timeout;
    while (this.received < count && !this.gone && Date.now() < deadline) await delay(10);
    expect({ received: this.received, inOrder: this.inOrder, gone: this.gone }).toEqual({
      received: count,
      inOrder: true,
      gone: undefined,
    });
  }
}

/** Starts a server without limits for addresses, and ends it after the scenario. */
export async function withServer(
  options: object,
  scenario: (url: string, server: CommandedProcess) => Promise<void>,
): Promise<void> {
  const OPTIONS = JSON.stringify({
    limits: { connectRate: false, connectionsPerAddress: false },
    ...options,
  });
  await using server = await startCommanded(new URL('server.js', import.meta.url), [], { LOG: 'quiet', OPTIONS });
  try {
    await scenario(`http://127.0.0.1:${String(server.greeting)}`, server);
  } catch (error) {
    console.log(`The server said last:\n${server.lines.slice(-20).join('\n')}`);
    throw error;
  }
}
