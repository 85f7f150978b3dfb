import { ConsoleLogger, Inject, Logger, Optional } from '@nestjs/common';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit } from '@nestjs/websockets';
import { addressOf } from '../flow/connection-flow.js';
import type { Server, Socket } from '../socket-io/socket.io.js';
import { WEBSOCKET_OPTIONS, type ResolvedWebsocketOptions } from '../options/websocket.options.js';

/**
 * The gateway of namespace `/`: logs its start, and each client that connects or disconnects.
 *
 * A gateway that extends it does the same for its own namespace, under its own class name. A gateway that overrides a
 * hook calls the inherited hook first.
 */
@WebSocketGateway()
export class EventsGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  /** The Socket.IO server or, for a gateway with a namespace, that namespace. Set before `afterInit`. */
  @WebSocketServer()
  readonly server!: Server;

  protected readonly logger = new Logger(this.constructor.name);

  @Optional()
  @Inject(WEBSOCKET_OPTIONS)
  private readonly websocketOptions?: ResolvedWebsocketOptions;

  afterInit(_server: Server): void {
    this.log('WebSocket Gateway initialized');
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- an override may be async, and may narrow the client's type
  handleConnection(client: Socket, ..._args: any[]): any {
    this.log(`Client connected: ${client.id}`, client);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  handleDisconnect(client: Socket, reason?: string): any {
    this.log(`Client disconnected: ${client.id}`, client, {
      ...(reason && { reason }),
      durationMs: Date.now() - client.handshake.issued,
    });
  }

  private log(message: string, client?: Socket, known?: object): void {
    const options = this.websocketOptions;
    if (this.constructor === EventsGateway && options?.eventsGateway === false) return;
    // The stand-in for a request-scoped gateway has no fields.
    const logger = (this.logger as Logger | undefined) ?? new Logger(this.constructor.name);
    const isOn = options && (options.logDetails ?? (takesFields() || JOINS_PARAMETERS));
    if (!client || !isOn) return logger.log(message);
    const { nsp, conn } = client;
    const details = { namespace: nsp.name, transport: conn.transport.name, address: addressOf(client), ...known };
    if (takesFields()) logger.log({ message, ...details });
    else logger.log(message, details);
  }
}

/** Nest 12's logger prints a message and its parameters as one entry, Nest 11's as two. */
const JOINS_PARAMETERS = 'stringifyParams' in ConsoleLogger.prototype;

/** Whether Nest's logger passes entries to another logger as fields, like those of nest-winston and nestjs-pino. */
function takesFields(): boolean {
  const { logger } = Object(Logger['staticInstanceRef']) as { logger?: { info?: unknown } };
  return typeof logger?.info === 'function';
}
