import {
  Catch,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  UsePipes,
  ValidationPipe,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsDate, IsInt, IsString, Length, Max, Min, ValidateNested, type ValidationError } from 'class-validator';
import type { AppModule } from 'nest-realtime-kit/testing';
import type { Namespace, Socket } from 'socket.io';
import type { Imports } from './servings.js';

class Guest {
  @IsString()
  @Length(1, 20)
  name!: string;
}

class EnterRoom {
  @IsString()
  @Length(2, 10)
  room!: string;

  @ValidateNested()
  @Type(() => Guest)
  guest!: Guest;
}

class Booking {
  @IsString()
  room!: string;

  @IsInt()
  @Min(1)
  @Max(8)
  @Type(() => Number)
  seats!: number;

  @IsDate()
  @Type(() => Date)
  from!: Date;
}

class Closing {
  @IsString()
  room!: string;
}

class InvalidMessage extends Error {
  constructor(readonly faults: readonly string[]) {
    super('the message is not valid');
  }
}

function validation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    exceptionFactory: (errors) => new InvalidMessage(errors.flatMap(faultsOf)),
  });
}

function faultsOf({ constraints = {}, children = [] }: ValidationError): string[] {
  return [...Object.values(constraints), ...children.flatMap(faultsOf)];
}

/** Tells the sender by an event of the app's own. */
@Catch()
class RoomErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    ws.getClient<Socket>().emit('room:error', { event: ws.getPattern(), ...reasonOf(error) });
  }
}

type Ack = (answer: object) => void;

/** Tells the sender by the ack. */
@Catch()
class AckFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const ack = host.getArgs<unknown[]>().find((arg) => typeof arg === 'function') as Ack | undefined;
    ack?.({ ok: false, ...reasonOf(error) });
  }
}

function reasonOf(error: unknown): { reason: string; faults?: readonly string[] } {
  if (error instanceof InvalidMessage) return { reason: error.message, faults: error.faults };
  return { reason: error instanceof WsException ? error.message : 'something is wrong here' };
}

@UseFilters(RoomErrorFilter)
@UsePipes(validation())
@WebSocketGateway({ namespace: 'rooms' })
export class RoomsGateway {
  @WebSocketServer() private readonly namespace!: Namespace;

  readonly entered: unknown[] = [];

  @SubscribeMessage('enter')
  async enter(@ConnectedSocket() client: Socket, @MessageBody() message: EnterRoom): Promise<string> {
    if (message.room === 'cellar') throw new WsException('the cellar is closed');
    if (message.room === 'attic') throw new TypeError('the attic has no stairs');
    this.entered.push(message);
    await client.join(message.room);
    client.to(message.room).emit('entered', message.guest.name);
    return `${message.guest.name} is in ${message.room}`;
  }

  close(room: string): void {
    this.namespace.to(room).emit('closed', room);
  }
}

@UseFilters(AckFilter)
@UsePipes(validation())
@WebSocketGateway({ namespace: 'bookings' })
export class BookingsGateway {
  readonly booked: Booking[] = [];

  @SubscribeMessage('book')
  book(@MessageBody() booking: Booking): { ok: true; seats: number; year: number } {
    if (booking.room === 'cellar') throw new WsException('the cellar is closed');
    if (booking.room === 'attic') throw new TypeError('the attic has no stairs');
    this.booked.push(booking);
    return { ok: true, seats: booking.seats, year: booking.from.getUTCFullYear() };
  }
}

@Injectable()
class ManagersOnly implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getClient<Socket>().handshake.auth.role === 'manager';
  }
}

@UseGuards(ManagersOnly)
@UsePipes(validation())
@WebSocketGateway({ namespace: 'management' })
class ManagementGateway {
  constructor(private readonly rooms: RoomsGateway) {}

  @SubscribeMessage('close')
  close(@MessageBody() { room }: Closing): string {
    this.rooms.close(room);
    return `${room} is closed`;
  }
}

export function validatedNamespacesApp(imports: Imports): AppModule {
  @Module({ imports: [...imports], providers: [RoomsGateway, BookingsGateway, ManagementGateway] })
  class ValidatedNamespacesApp {}
  return ValidatedNamespacesApp;
}
