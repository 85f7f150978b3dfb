import { setTimeout as delay } from 'node:timers/promises';
import {
  Catch,
  ParseIntPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Ack, BaseWsExceptionFilter, ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { Ack as AckFunction, Socket } from 'nest-realtime-kit';
import { map, type Observable } from 'rxjs';
import type { Order } from './failures.js';

class ItemDto {
  @IsString()
  name!: string;
}

class OrderDto {
  @IsInt()
  id!: number;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items?: ItemDto[];
}

class RoleGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<{ user: { role: string } }>().user.role.length > 3;
  }
}

class LateGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await delay(1);
    return context.switchToWs().getData<Order>().id > 3;
  }
}

class StampInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler<Order>): Observable<unknown> {
    return next.handle().pipe(map((value) => ({ ...value, stamp: value.a.b })));
  }
}

class LatePipe implements PipeTransform<string> {
  async transform(value: string): Promise<string> {
    await delay(1);
    return value.trim();
  }
}

class TrimPipe implements PipeTransform<string> {
  transform(value: string): string {
    return value.trim();
  }
}

@Catch()
class EchoingFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const [client, data, ack] = host.getArgs<[Socket, unknown, AckFunction | undefined]>();
    if (ack) ack({ error: String(error), data });
    else client.emit('exception', { error: String(error), data });
  }
}

@Catch(TypeError)
class LateFilter implements ExceptionFilter {
  async catch(error: Error, host: ArgumentsHost): Promise<void> {
    await delay(1);
    const [client, data] = host.getArgs<[Socket, Order]>();
    client.emit('exception', `${error.message} at ${data.text.trim()}`);
  }
}

/** Handlers with guards, pipes, interceptors and filters, which look at what was sent too. */
export class Enhanced {
  @SubscribeMessage('guarded')
  @UseGuards(RoleGuard)
  guarded(): string {
    return 'allowed';
  }

  @SubscribeMessage('guarded later')
  @UseGuards(LateGuard, RoleGuard)
  guardedLater(): string {
    return 'allowed';
  }

  @SubscribeMessage('validated')
  @UsePipes(new ValidationPipe({ expectedType: OrderDto, transform: true }))
  validated(@MessageBody() data: OrderDto): unknown {
    return data;
  }

  @SubscribeMessage('whitelisted')
  @UsePipes(new ValidationPipe({ expectedType: OrderDto, whitelist: true, forbidNonWhitelisted: true }))
  whitelisted(@MessageBody() data: OrderDto): unknown {
    return data;
  }

  @SubscribeMessage('parsed')
  parsed(@MessageBody('id', ParseIntPipe) id: number, @MessageBody('text', TrimPipe) text: string): unknown {
    return [id, text];
  }

  @SubscribeMessage('two pipes')
  twoPipes(@MessageBody('id', LatePipe) id: string, @MessageBody('text', LatePipe) text: string): unknown {
    return [id, text];
  }

  @SubscribeMessage('stamped')
  @UseInterceptors(StampInterceptor)
  stamped(@MessageBody() data: Order): unknown {
    return data;
  }

  @SubscribeMessage('filtered')
  @UseFilters(EchoingFilter)
  filtered(@MessageBody() data: Order): unknown {
    return data.a.b.c;
  }

  @SubscribeMessage('filtered later')
  @UseFilters(LateFilter)
  filteredLater(@MessageBody() data: Order): unknown {
    return data.a.b.c;
  }

  @SubscribeMessage('filtered by Nest')
  @UseFilters(BaseWsExceptionFilter)
  filteredByNest(@MessageBody() data: Order): unknown {
    return data.a.b.c;
  }

  @SubscribeMessage('acked by hand')
  acked(@MessageBody() data: Order, @Ack() ack: AckFunction): void {
    ack(data, data);
    ack(data);
  }

  @SubscribeMessage('acked by hand later')
  async ackedLater(@ConnectedSocket() client: Socket, @Ack() ack: AckFunction | undefined): Promise<void> {
    await delay(1);
    ack?.([...client.rooms]);
  }
}
