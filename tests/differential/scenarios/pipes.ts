import { ParseIntPipe, UsePipes, ValidationPipe, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { failure } from '../support/failure.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

class Sender {
  @IsString()
  name!: string;
}

class SayDto {
  @IsString()
  text!: string;

  @IsInt()
  times!: number;

  @ValidateNested()
  @Type(() => Sender)
  sender?: Sender;
}

/** A gateway with pipes at its handler of `say`. */
function piped(...pipes: (PipeTransform | typeof ParseIntPipe)[]): (note: Note) => App {
  return (note) => {
    @WebSocketGateway()
    class PipedGateway {
      @UsePipes(...pipes)
      @SubscribeMessage('say')
      say(@MessageBody() body: SayDto): unknown {
        note('said', body, body instanceof SayDto);
        return { said: body };
      }
    }
    return { providers: [PipedGateway] };
  };
}

const told = (envelope: object): Fact[] => [
  ['alice', 'connect'],
  ['alice', 'ack', 'say', envelope],
  ['alice', 'event', 'exception', envelope],
];

const bad = { text: 1, times: 'x', secret: 'token' };
const good = { text: 'hi', times: 2 };

const askAndTell =
  (body: unknown): Scenario['run'] =>
  async ({ connect }) => {
    const alice = await connect('alice');
    await alice.ask('say', body);
    await alice.tell('say', body);
  };

export const pipes: Scenario[] = [
  {
    name: 'a ValidationPipe lets a body through',
    app: piped(new ValidationPipe()),
    run: askAndTell(good),
  },
  {
    name: 'a ValidationPipe makes an instance of the body',
    app: piped(new ValidationPipe({ transform: true, whitelist: true })),
    run: async ({ connect }) => {
      const alice = await connect('alice');
      await alice.tell('say', { ...good, more: true });
    },
  },
  {
    name: 'a ValidationPipe finds faults',
    app: piped(new ValidationPipe()),
    run: askAndTell(bad),
    differs: {
      rows: ['failure-in-ack', 'error-envelope', 'http-exceptions', 'validation'],
      client: told(
        failure('say', 'VALIDATION_FAILED', 'Validation failed', {
          details: ['text must be a string', 'times must be an integer number'],
        }),
      ),
    },
  },
  {
    name: 'a ValidationPipe finds faults, and makes a WsException with the list of them',
    app: piped(new ValidationPipe({ exceptionFactory: (faults) => new WsException(faults) })),
    run: askAndTell(bad),
    differs: {
      rows: ['failure-in-ack', 'error-envelope', 'validation'],
      client: told(
        failure('say', 'VALIDATION_FAILED', 'Validation failed', {
          details: [
            { property: 'text', constraints: { isString: 'text must be a string' }, children: [] },
            { property: 'times', constraints: { isInt: 'times must be an integer number' }, children: [] },
          ],
        }),
      ),
    },
  },
  {
    name: 'a ValidationPipe finds faults, and makes a WsException with a text',
    app: piped(new ValidationPipe({ exceptionFactory: () => new WsException('bad input') })),
    run: askAndTell(bad),
    differs: {
      rows: ['failure-in-ack', 'error-envelope'],
      client: told(failure('say', 'WS_EXCEPTION', 'bad input')),
    },
  },
  {
    name: 'a ValidationPipe finds faults in what is nested',
    app: piped(new ValidationPipe()),
    run: askAndTell({ ...good, sender: { name: 7 } }),
    differs: {
      rows: ['failure-in-ack', 'error-envelope', 'http-exceptions', 'validation'],
      client: told(
        failure('say', 'VALIDATION_FAILED', 'Validation failed', {
          details: ['sender.name must be a string'],
        }),
      ),
    },
  },
  {
    name: 'a ParseIntPipe refuses a body',
    app: piped(ParseIntPipe),
    run: askAndTell('seven'),
    differs: {
      rows: ['failure-in-ack', 'error-envelope', 'http-exceptions'],
      client: told(failure('say', 'BAD_REQUEST', 'Validation failed (numeric string is expected)')),
    },
  },
  {
    name: 'a pipe is told what it transforms',
    app(note) {
      const noting: PipeTransform = {
        transform(value: unknown, { type, metatype, data }: ArgumentMetadata) {
          note('pipe', type, metatype?.name, data, typeof value);
          return value;
        },
      };
      @WebSocketGateway()
      class PipedGateway {
        @UsePipes(noting)
        @SubscribeMessage('say')
        say(
          @MessageBody() body: SayDto,
          @MessageBody('text') text: string,
          @ConnectedSocket() _client: object,
          @Ack() ack: (answer: unknown) => void,
        ): void {
          ack([body, text]);
        }
      }
      return { providers: [PipedGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('say', good);
    },
  },
  {
    name: 'pipes of the gateway come before those of its handler, and of its parameters',
    app() {
      const adding = (letter: string): PipeTransform => ({
        transform: (value: unknown, { type }) => (type === 'body' ? `${String(value)}${letter}` : value),
      });
      @UsePipes(adding('g'))
      @WebSocketGateway()
      class PipedGateway {
        @UsePipes(adding('h'))
        @SubscribeMessage('say')
        say(@MessageBody(adding('p')) body: string): string {
          return body;
        }
      }
      return { providers: [PipedGateway] };
    },
    async run({ connect }) {
      await (await connect('alice')).ask('say', '');
    },
  },
  ...[
    ['useGlobalPipes', (pipe: PipeTransform): App => ({ configure: (app) => void app.useGlobalPipes(pipe) })],
    ['APP_PIPE', (pipe: PipeTransform): App => ({ providers: [{ provide: APP_PIPE, useValue: pipe }] })],
  ].map(([how, by]): Scenario => ({
    name: `a pipe is set for the whole app by ${how as string}`,
    app(note) {
      const upper: PipeTransform = {
        transform: (value: unknown) => (typeof value === 'string' ? value.toUpperCase() : value),
      };
      const { providers = [], ...rest } = (by as (pipe: PipeTransform) => App)(upper);
      @WebSocketGateway()
      class PlainGateway {
        @SubscribeMessage('say')
        say(@MessageBody() body: unknown): unknown {
          note('said', body);
          return body;
        }
      }
      return { ...rest, providers: [PlainGateway, ...providers] };
    },
    run: askAndTell('hi'),
  })),
];
