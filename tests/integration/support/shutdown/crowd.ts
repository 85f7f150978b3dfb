import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { expect } from 'vitest';
import { startServer, type ServerProcess } from '../../../support/server-process.js';

const script = fileURLToPath(new URL('server.js', import.meta.url));

/** Starts `server.js` on a free port. */
export function startWorkServer(shutdown: object = {}, env: Record<string, string> = {}): Promise<ServerProcess> {
  return startServer({ env: { SHUTDOWN_OPTIONS: JSON.stringify(shutdown), ...env }, script });
}

/** What became of a client. */
export interface Member {
  readonly socket: Socket;
  /** How often it was told of the shutdown. */
  told: number;
  reason: string | undefined;
  /** Whether it connects anew by itself. */
  comesBack: boolean;
}

/** Many clients, that connect anew when they lose their connection, as those of a browser. */
export class Crowd implements Disposable {
  private constructor(readonly members: readonly Member[]) {}

  static async connect(url: string, count: number, transports: string[]): Promise<Crowd> {
    const members = Array.from({ length: count }, () => newMember(url, transports));
    const crowd = new Crowd(members);
    await Promise.all(
      members.map(({ socket }) => new Promise((resolve) => socket.once('connect', () => resolve(undefined)))),
    );
    return crowd;
  }

  /** Has each of them ask for something. @returns how many have been answered so far */
  ask(event: string, argument?: unknown): { answered: number; answers: Promise<unknown>[] } {
    const asked = { answered: 0, answers: [] as Promise<unknown>[] };
    asked.answers = this.members.map(async ({ socket }) => {
      const answer: unknown = await socket.emitWithAck(event, argument);
      asked.answered += 1;
      return answer;
    });
    return asked;
  }

  /** Each is told, once, and disconnected in a way upon which it comes back: this process may hear of it a little later. */
  async expectToldAndDisconnected(): Promise<void> {
    const left = { told: 1, reason: 'transport close', comesBack: true };
    await expect
      .poll(() => this.members.map(({ told, reason, comesBack }) => ({ told, reason, comesBack })), {
        timeout: 5_000,
      })
      .toEqual(this.members.map(() => left));
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.members) socket.disconnect();
  }
}

function newMember(url: string, transports: string[]): Member {
  const socket = io(url, {
    transports,
    forceNew: true,
    reconnectionDelay: 5_000,
    reconnectionDelayMax: 5_000,
  });
  const member: Member = { socket, told: 0, reason: undefined, comesBack: false };
  socket.on('server:shutdown', ({ code }: { code: string }) => {
    if (code === 'SHUTTING_DOWN') member.told += 1;
  });
  socket.on('disconnect', (reason) => {
    member.reason ??= reason;
    member.comesBack = socket.active;
  });
  return member;
}
