import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Namespace, Server, Socket } from '../../websocket/index.js';

/** The namespace beside `/` in which the contract has clients. */
export const OTHER_NAMESPACE = '/other';

/** The clients that an action is for. Without rooms, all clients of the namespace. */
export interface Target {
  readonly rooms?: readonly string[];
  readonly except?: readonly string[];
  readonly local?: boolean;
  readonly volatile?: boolean;
}

export interface Broadcast extends Target {
  readonly event: string;
  readonly args?: readonly unknown[];
  /** Emits so many events, each with its number as a further argument. */
  readonly times?: number;
  /** By the socket of the client that asks for it, which does not get it. */
  readonly fromSocket?: boolean;
}

/** The answers to a question, and whether some are missing. */
export interface Answers {
  readonly answers: readonly unknown[];
  readonly timedOut: boolean;
}

export interface FoundSocket {
  readonly id: string;
  /** Without the room of its own id. */
  readonly rooms: readonly string[];
  readonly data: unknown;
}

/** Does on its node what a client asks for. Each action is acked when the node has done its part. */
@WebSocketGateway()
export class AdapterContractGateway {
  private readonly node = randomUUID();

  afterInit(server: Server | Namespace): void {
    const namespace = 'engine' in server ? server.of('/') : server;
    namespace.on('told', (...args: unknown[]) => namespace.local.emit('told', ...args));
    namespace.on('asked', (isSilent: boolean, answer: (node: string) => void) => {
      if (!isSilent) answer(this.node);
    });
  }

  @SubscribeMessage('which node')
  whichNode(): string {
    return this.node;
  }

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() rooms: string[]): Promise<true> {
    await client.join(rooms);
    return true;
  }

  @SubscribeMessage('leave')
  async leave(@ConnectedSocket() client: Socket, @MessageBody() rooms: string[]): Promise<true> {
    for (const room of rooms) await client.leave(room);
    return true;
  }

  @SubscribeMessage('remember')
  remember(@ConnectedSocket() client: Socket, @MessageBody() note: string): true {
    Object.assign(client.data as object, { note });
    return true;
  }

  @SubscribeMessage('broadcast')
  broadcast(@ConnectedSocket() client: Socket, @MessageBody() broadcast: Broadcast): true {
    const { event, args = [], times, fromSocket } = broadcast;
    const emit = (...more: number[]): unknown =>
      targeted(fromSocket ? client : client.nsp, broadcast).emit(event, ...args, ...more);
    if (times === undefined) emit();
    else for (let number = 0; number < times; number += 1) emit(number);
    return true;
  }

  @SubscribeMessage('ask clients')
  askClients(
    @ConnectedSocket() { nsp }: Socket,
    @MessageBody() { timeout, ...target }: Target & { timeout: number },
  ): Promise<Answers> {
    return collect(targeted(nsp, target).timeout(timeout).emitWithAck('question'));
  }

  @SubscribeMessage('ask client')
  async askClient(@ConnectedSocket() { nsp }: Socket, @MessageBody() id: string): Promise<Answers> {
    const [socket] = await nsp.in(id).fetchSockets();
    if (!socket) return { answers: [], timedOut: false };
    return collect(
      socket
        .timeout(5_000)
        .emitWithAck('question')
        .then((answer: unknown) => [answer]),
    );
  }

  @SubscribeMessage('sockets join')
  socketsJoin(@ConnectedSocket() { nsp }: Socket, @MessageBody() { to, ...target }: Target & { to: string[] }): true {
    targeted(nsp, target).socketsJoin(to);
    return true;
  }

  @SubscribeMessage('sockets leave')
  socketsLeave(
    @ConnectedSocket() { nsp }: Socket,
    @MessageBody() { from, ...target }: Target & { from: string[] },
  ): true {
    for (const room of from) targeted(nsp, target).socketsLeave(room);
    return true;
  }

  @SubscribeMessage('disconnect sockets')
  disconnectSockets(
    @ConnectedSocket() { nsp }: Socket,
    @MessageBody() { goodbye, ...target }: Target & { goodbye: string },
  ): true {
    targeted(nsp, target).emit('goodbye', goodbye);
    targeted(nsp, target).disconnectSockets();
    return true;
  }

  @SubscribeMessage('fetch sockets')
  async fetchSockets(@ConnectedSocket() { nsp }: Socket, @MessageBody() target: Target): Promise<FoundSocket[]> {
    const found = await targeted(nsp, target).fetchSockets();
    return found.map(({ id, rooms, data }) => ({
      id,
      rooms: [...rooms].filter((room) => room !== id),
      data: data as unknown,
    }));
  }

  @SubscribeMessage('tell nodes')
  tellNodes(@ConnectedSocket() { nsp }: Socket, @MessageBody() args: unknown[]): true {
    nsp.serverSideEmit('told', ...args);
    return true;
  }

  @SubscribeMessage('broadcast and tell nodes')
  broadcastAndTell(@ConnectedSocket() { nsp }: Socket, @MessageBody() times: number): true {
    for (let number = 0; number < times; number += 1) {
      nsp.emit('told', `broadcast ${number}`);
      nsp.serverSideEmit('told', `told ${number}`);
    }
    return true;
  }

  @SubscribeMessage('ask nodes')
  askNodes(@ConnectedSocket() { nsp }: Socket, @MessageBody() { isSilent }: { isSilent: boolean }): Promise<Answers> {
    return collect(nsp.serverSideEmitWithAck('asked', isSilent));
  }

  @SubscribeMessage('count nodes')
  countNodes(@ConnectedSocket() { nsp }: Socket): Promise<number> {
    return nsp.adapter.serverCount();
  }
}

@WebSocketGateway({ namespace: OTHER_NAMESPACE })
class OtherNamespaceGateway extends AdapterContractGateway {}

/** The app whose clients `adapterContract` uses. */
@Module({ providers: [AdapterContractGateway, OtherNamespaceGateway] })
export class AdapterContractModule {}

function targeted(from: Namespace | Socket, { rooms = [], except = [], local, volatile }: Target) {
  const wide = from.to([...rooms]).except([...except]);
  const near = local ? wide.local : wide;
  return volatile ? near.volatile : near;
}

/** Socket.IO adds the answers that came in time to the error. */
async function collect(asking: Promise<unknown>): Promise<Answers> {
  try {
    return { answers: (await asking) as unknown[], timedOut: false };
  } catch (error) {
    return { answers: (error as { responses?: unknown[] }).responses ?? [], timedOut: true };
  }
}
