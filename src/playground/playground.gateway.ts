import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

/** Something to talk to: what is sent to `echo` comes back as its ack. */
@WebSocketGateway()
export class PlaygroundGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() payload: unknown): unknown {
    return payload;
  }
}
