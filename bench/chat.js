import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

/** The gateway under test, without the kit: decorators applied by hand, since this is plain JavaScript. */
class ChatGateway {
  join(client, room) {
    client.join(room);
    return room;
  }

  say(client, text) {
    client.to('lobby').emit('said', text);
  }
}
WebSocketGateway()(ChatGateway);
for (const [method, message] of Object.entries({ join: 'join', say: 'say' })) {
  SubscribeMessage(message)(
    ChatGateway.prototype,
    method,
    Object.getOwnPropertyDescriptor(ChatGateway.prototype, method),
  );
  ConnectedSocket()(ChatGateway.prototype, method, 0);
  MessageBody()(ChatGateway.prototype, method, 1);
}

export class ChatModule {}
Module({ providers: [ChatGateway] })(ChatModule);
