import { RedisBackplane } from '../../../websocket/index.js';
import type { Backplane, Backplanes } from './backplane.js';
import { fenceToNodes } from '../../observer/nodes.js';

/** Joins the nodes by `@socket.io/redis-adapter`, over pub/sub, as `WebsocketModule.forRoot({ redis })` does. */
export class RedisBackplanes implements Backplanes {
  constructor(private readonly keyPrefix: string) {}

  async open(_node: number, url: string): Promise<Backplane> {
    const backplane = await RedisBackplane.open({ url, keyPrefix: this.keyPrefix });
    return {
      install: (server) => void server.adapter(backplane.adapter),
      joined: () => backplane.joined(),
      fence: fenceToNodes,
      leave: () => backplane.abandon(),
      close: () => backplane.close(),
    };
  }
}
