import { setTimeout as delay } from 'node:timers/promises';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { NEVER, finalize, interval, map, take, type Observable } from 'rxjs';
import type { Order } from './failures.js';

/** Handlers whose answers come bit by bit, or never end. */
export class Streams {
  @SubscribeMessage('stream')
  stream(@MessageBody() data: Order): Observable<unknown> {
    return interval(1).pipe(
      take(3),
      map((index) => data.items[index]!.name),
    );
  }

  @SubscribeMessage('stream for ever')
  streamForEver(@MessageBody() data: Order): Observable<unknown> {
    return NEVER.pipe(finalize(() => data.a.b.c.trim()));
  }

  @SubscribeMessage('stream for ever later')
  async streamLater(@MessageBody() data: Order): Promise<Observable<unknown>> {
    await delay(1);
    return interval(1_000).pipe(map((index) => data.items[index]));
  }
}
