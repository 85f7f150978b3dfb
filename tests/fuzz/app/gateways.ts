import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'nest-realtime-kit';
import { Echoes } from './echoes.js';
import { Enhanced } from './enhanced.js';
import { Failures } from './failures.js';
import { Questions } from './questions.js';
import { RawListeners } from './raw-listeners.js';
import { Rooms } from './rooms.js';
import { Streams } from './streams.js';

@WebSocketGateway()
class EchoGateway extends Echoes {}

@WebSocketGateway()
class FailureGateway extends Failures {}

@WebSocketGateway()
class EnhancedGateway extends Enhanced {}

@WebSocketGateway()
class RoomGateway extends Rooms {}

@WebSocketGateway()
class QuestionGateway extends Questions {}

@WebSocketGateway()
class StreamGateway extends Streams {}

@WebSocketGateway({ namespace: 'chat' })
class ChatListenerGateway extends RawListeners {}

@WebSocketGateway({ namespace: 'chat' })
class ChatEchoGateway extends Echoes {}

@WebSocketGateway({ namespace: 'chat' })
class ChatFailureGateway extends Failures {}

@WebSocketGateway({ namespace: 'chat' })
class ChatQuestionGateway extends Questions {}

@Injectable({ scope: Scope.REQUEST })
class Visitor {
  constructor(@Inject(REQUEST) private readonly client: Socket) {}

  get name(): string {
    return (this.client.handshake.auth as { user: { name: string } }).user.name;
  }
}

/** Instantiated for each client. */
@WebSocketGateway({ namespace: /^\/room-/ })
class ScopedRoomGateway {
  constructor(@Inject(Visitor) private readonly visitor: Visitor) {}

  async handleConnection(client: Socket): Promise<void> {
    await delay(1);
    const { user } = client.handshake.auth as { user?: { name: string } };
    if (user) client.data = { name: user.name.trim() };
  }

  @SubscribeMessage('who am I')
  whoAmI(@MessageBody() data: object): unknown {
    return { ...data, name: this.visitor.name };
  }
}

@WebSocketGateway({ namespace: /^\/room-/ })
class RoomEchoGateway extends Echoes {}

@WebSocketGateway({ namespace: /^\/room-/ })
class RoomEnhancedGateway extends Enhanced {}

@WebSocketGateway({ namespace: /^\/room-/ })
class RoomStreamGateway extends Streams {}

/** Whatever an average app does with data, in a namespace by each of the ways in which there can be one. */
export const gateways = [
  EchoGateway,
  FailureGateway,
  EnhancedGateway,
  RoomGateway,
  QuestionGateway,
  StreamGateway,
  ChatListenerGateway,
  ChatEchoGateway,
  ChatFailureGateway,
  ChatQuestionGateway,
  Visitor,
  ScopedRoomGateway,
  RoomEchoGateway,
  RoomEnhancedGateway,
  RoomStreamGateway,
];
