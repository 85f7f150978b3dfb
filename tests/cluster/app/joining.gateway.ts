import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import type { Namespace, Server } from 'nest-realtime-kit';
import { createClient } from 'redis';

/** Creates a gateway that joins the nodes by the adapter of this name, as a team would set it. */
export async function joiningGateway(
  name: string,
  { REDIS_URL: url, REDIS_KEY_PREFIX: prefix = '' } = process.env,
): Promise<Type> {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);

  const creators: Record<string, (namespace: Namespace) => object> = {
    redis: createAdapter(publisher, subscriber, { key: prefix }),
    'redis-sharded': createShardedAdapter(publisher, subscriber, { channelPrefix: prefix }),
    'redis-streams': createStreamsAdapter(publisher, {
      streamName: prefix,
      channelPrefix: prefix,
      heartbeatInterval: 200,
      heartbeatTimeout: 1_000,
      blockTimeInMs: 100,
    }),
  };

  @WebSocketGateway()
  class JoiningGateway {
    afterInit(server: Server): void {
      // Socket.IO calls an adapter with `new`.
      server.adapter(function create(namespace: Namespace) {
        return creators[name]!(namespace);
      } as never);
    }
  }
  return JoiningGateway;
}
