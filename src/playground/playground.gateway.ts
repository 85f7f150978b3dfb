import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

/** Gives the playground an event to try: `echo` answers with its payload. */
@WebSocketGateway()
export class PlaygroundGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() payload: unknown): unknown {
    return payload;
  }
}
