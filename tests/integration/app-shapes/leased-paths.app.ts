import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { AppModule } from 'nest-realtime-kit/testing';
import type { Server, Socket } from 'socket.io';
import type { Imports } from './servings.js';

const LEASES_PER_ADDRESS = 2;

/** Who holds a lease, and may be connected. Each address has a few, whatever path its clients are on. */
@Injectable()
export class Leases {
  /** Why clients have left. */
  readonly reasons: string[] = [];
  private readonly holders = new Map<string, number>();
  private readonly changes = new EventEmitter();
  private gate: Promise<unknown> = Promise.resolve();

  /** @returns whether there was one */
  async take(address: string): Promise<boolean> {
    const { gate } = this;
    this.changes.emit('asked');
    await Promise.all([gate, nextTurn()]);
    const held = this.heldBy(address);
    if (held >= LEASES_PER_ADDRESS) return false;
    this.holders.set(address, held + 1);
    return true;
  }

  giveBack(address: string): void {
    this.holders.set(address, this.heldBy(address) - 1);
    this.changes.emit('given back');
  }

  heldBy(address: string): number {
    return this.holders.get(address) ?? 0;
  }

  /** Lets nobody have a lease until the returned function is called. */
  close(): () => void {
    const { promise, resolve } = withResolvers();
    this.gate = promise;
    return resolve;
  }

  async next(change: 'asked' | 'given back'): Promise<void> {
    await once(this.changes, change);
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

@Injectable()
abstract class LeasedGateway {
  constructor(protected readonly leases: Leases) {}

  afterInit(server: Server): void {
    // oxlint-disable-next-line typescript/no-misused-promises -- as apps have it
    server.use(async (socket, next) => {
      const { address } = socket.handshake;
      if (!(await this.leases.take(address))) {
        next(Object.assign(new Error('too many connections'), { data: { limit: LEASES_PER_ADDRESS } }));
        return;
      }
      // Nobody is told that a client is gone which was never connected.
      if (socket.conn.readyState === 'open') next();
      else this.leases.giveBack(address);
    });
  }

  handleDisconnect(client: Socket, reason: string): void {
    this.leases.reasons.push(reason);
    this.leases.giveBack(client.handshake.address);
  }
}

@WebSocketGateway({ path: '/ws' })
class CustomerGateway extends LeasedGateway {
  @SubscribeMessage('order')
  order(@MessageBody() dish: string): string {
    return `${dish} is ordered`;
  }
}

@WebSocketGateway({ path: '/kitchen' })
class KitchenGateway extends LeasedGateway {
  @SubscribeMessage('order')
  order(@MessageBody() dish: string): string {
    return `${dish} is being cooked`;
  }
}

export function leasedPathsApp(imports: Imports): AppModule {
  @Module({ imports: [...imports], providers: [Leases, CustomerGateway, KitchenGateway] })
  class LeasedPathsApp {}
  return LeasedPathsApp;
}
