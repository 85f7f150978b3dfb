import {
  Injectable,
  UseGuards,
  UsePipes,
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import { PUBLISHED_AT_ONCE, isAllowed, parse, type Message } from './message.js';

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return isAllowed(context.switchToWs().getClient<Socket>());
  }
}

@Injectable()
class MessagePipe implements PipeTransform<unknown, Message> {
  transform(value: unknown): Message {
    return parse(value);
  }
}

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() message: Message): Message {
    return message;
  }
}

/** A gateway as Nest's docs write it, with as many handlers; plain Nest and the kit are given the same one. */
export function gatewayOf(handlers: number): Type {
  if (handlers === 1) return EchoGateway;

  @WebSocketGateway()
  class BenchGateway extends EchoGateway {
    @WebSocketServer()
    readonly server!: Server;

    @UseGuards(TokenGuard)
    @UsePipes(new MessagePipe())
    @SubscribeMessage('guarded')
    guarded(@MessageBody() message: Message): Message {
      return message;
    }

    @SubscribeMessage('publish')
    publish(@MessageBody() message: Message): void {
      this.server.emit('published', message);
    }

    @SubscribeMessage('publish-many')
    publishMany(@MessageBody() message: Message): void {
      for (let sent = 0; sent < PUBLISHED_AT_ONCE; sent += 1) this.server.emit('published', message);
    }
  }
  for (let number = 5; number <= handlers; number += 1) subscribe(BenchGateway, `event-${number}`);
  return BenchGateway;
}

function subscribe(gateway: Type, event: string): void {
  const method = { value: (message: Message) => message, configurable: true, writable: true };
  Object.defineProperty(gateway.prototype, event, method);
  SubscribeMessage(event)(gateway.prototype, event, method);
  MessageBody()(gateway.prototype as object, event, 0);
}
