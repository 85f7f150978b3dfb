import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { of, type Observable } from 'rxjs';

/** Handlers that give back what they were given, in all the ways in which apps do. */
export class Echoes {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('echo later')
  async later(@MessageBody() data: unknown): Promise<unknown> {
    return data;
  }

  @SubscribeMessage('echo a stream')
  stream(@MessageBody() data: unknown): Observable<unknown> {
    return of(data);
  }

  @SubscribeMessage('echo a copy')
  copy(@MessageBody() data: object): unknown {
    return { ...data, at: 1 };
  }

  @SubscribeMessage('echo an assigned copy')
  assigned(@MessageBody() data: object): unknown {
    return Object.assign({}, data);
  }

  @SubscribeMessage('echo a clone')
  clone(@MessageBody() data: unknown): unknown {
    return structuredClone(data);
  }

  @SubscribeMessage('echo a part')
  part(@MessageBody('part') part: unknown): unknown {
    return part;
  }

  @SubscribeMessage('echo the entries')
  entries(@MessageBody() data: object): unknown {
    return Object.fromEntries(Object.entries(data));
  }

  @SubscribeMessage('echo what a text says')
  parse(@MessageBody('text') text: string): unknown {
    return JSON.parse(text);
  }

  @SubscribeMessage('reply')
  reply(@MessageBody() data: unknown): unknown {
    return { event: 'said', data };
  }

  @SubscribeMessage('reply later')
  async replyLater(@MessageBody() data: unknown): Promise<unknown> {
    return { event: 'said', data: await data };
  }
}
