import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebsocketModule } from 'nest-realtime-kit';
import { RoomGateway } from './room.gateway.js';

/**
 * A chat as a team would deploy it: configured by the environment, joined by Redis or by an adapter of its own, drained on
 * SIGTERM.
 */
const { REDIS_URL: url, REDIS_KEY_PREFIX: keyPrefix, ADAPTER, PING_INTERVAL: pingInterval, FAILS } = process.env;

/** Loads what it needs only then: most clusters start without. */
const joiningBy = async (adapter: string): Promise<Type> =>
  (await import('./joining.gateway.js')).joiningGateway(adapter);

@Module({
  imports: [
    WebsocketModule.forRoot({
      ...(url && !ADAPTER && { redis: { url, keyPrefix } }),
      ...(pingInterval && { pingInterval: Number(pingInterval), pingTimeout: 1_000 }),
    }),
  ],
  providers: [RoomGateway, ...(ADAPTER ? [await joiningBy(ADAPTER)] : [])],
})
class ChatModule {}

if (FAILS) throw new Error('the database is away');
const app = await NestFactory.create(ChatModule);
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(Number(process.env.PORT ?? 3000));
// PM2 waits for this.
process.send?.('ready');
