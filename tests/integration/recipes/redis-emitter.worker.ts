import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Emitter } from '@socket.io/redis-emitter';
import { createClient } from 'redis';

/** A provider of another app: it has no gateway, and need not serve HTTP. */
@Injectable()
export class Shipping implements OnModuleInit, OnModuleDestroy {
  private readonly redis = createClient({ url: process.env.REDIS_URL! });
  // The key is the `keyPrefix` of the app with the gateways; by default both are "socket.io".
  private readonly orders = new Emitter(this.redis, { key: 'shop' }).of('/orders');

  async onModuleInit(): Promise<void> {
    await this.redis.connect();
  }

  ship(order: string): void {
    this.orders.to(`order:${order}`).emit('shipped', order);
  }

  cancel(order: string): void {
    this.orders.in(`order:${order}`).disconnectSockets(true);
  }

  async onModuleDestroy(): Promise<void> {
    await this.redis.close();
  }
}
