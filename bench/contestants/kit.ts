import { WebsocketModule } from 'nest-realtime-kit';
import { bootNest } from './nest.js';

/** The same app as plain Nest, with `WebsocketModule` imported, its limits off, and no answers to CORS, as bare Socket.IO has none. */
export function bootKit(handlers: number): Promise<number> {
  return bootNest(handlers, [WebsocketModule.forRoot({ limits: false, cors: { origin: false } })]);
}

/** The same as a node of several, joined by Redis. */
export function bootKitOnRedis(handlers: number): Promise<number> {
  return bootNest(handlers, [WebsocketModule.forRoot({ limits: false, redis: { url: process.env.REDIS_URL } })]);
}

/** The same as one would deploy it: the limits as they are by default, and authentication at connect. */
export function bootKitWithDefaults(handlers: number): Promise<number> {
  const authentication = () => Promise.resolve({ user: 'a guest' });
  return bootNest(handlers, [WebsocketModule.forRoot({ authentication })]);
}
