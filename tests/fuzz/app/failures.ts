import { BadRequestException, HttpException } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { concat, defer, of, throwError, type Observable } from 'rxjs';

/** What handlers believe that they were given. */
export interface Order {
  a: { b: { c: string } };
  id: number;
  text: string;
  code: string;
  status: number;
  items: { name: string }[];
}

/** Handlers that fail on what they were given, and put it into what they throw. */
export class Failures {
  @SubscribeMessage('dereference')
  dereference(@MessageBody() data: Order): string {
    return data.a.b.c.trim();
  }

  @SubscribeMessage('dereference later')
  async dereferenceLater(@MessageBody() data: Order): Promise<string> {
    await Promise.resolve();
    return data.items.map(({ name }) => name.toUpperCase()).join();
  }

  @SubscribeMessage('dereference in a stream')
  dereferenceInStream(@MessageBody() data: Order): Observable<string> {
    return concat(
      of('first'),
      defer(() => of(data.items[0]!.name)),
    );
  }

  @SubscribeMessage('print')
  print(@MessageBody() data: Order): string {
    // oxlint-disable-next-line typescript/no-base-to-string -- as an app does that does not think of it
    return `order ${String(data)} of ${data.text.length} letters, ${JSON.stringify(data)}`;
  }

  @SubscribeMessage('throw it')
  throwIt(@MessageBody() data: unknown): void {
    throw data;
  }

  @SubscribeMessage('reject with it')
  async rejectWithIt(@MessageBody() data: unknown): Promise<void> {
    throw data;
  }

  @SubscribeMessage('fail a stream with it')
  streamIt(@MessageBody() data: unknown): Observable<never> {
    return throwError(() => data);
  }

  @SubscribeMessage('throw an error made of it')
  throwError(@MessageBody() data: object): void {
    throw Object.assign(new Error('not this'), data);
  }

  @SubscribeMessage('throw a WsException')
  throwWsException(@MessageBody() data: object): void {
    throw new WsException(data);
  }

  @SubscribeMessage('throw a WsException that tells')
  throwTelling(@MessageBody() data: Order): void {
    throw Object.assign(new WsException({ message: data.text, got: data }), { code: data.code });
  }

  @SubscribeMessage('throw an HttpException')
  async throwHttp(@MessageBody() data: Order): Promise<void> {
    throw new HttpException(data, data.status);
  }

  @SubscribeMessage('throw a BadRequestException')
  throwBadRequest(@MessageBody() data: Order): void {
    throw new BadRequestException(data, { cause: data, description: data.text });
  }
}
