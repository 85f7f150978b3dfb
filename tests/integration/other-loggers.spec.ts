import { Writable } from 'node:stream';
import { Inject, Logger, Module, type DynamicModule } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { logStream, startTestApp, type TestAppOptions } from 'nest-realtime-kit/testing';
import { expect as matches } from 'nest-realtime-kit/testing/vitest';
import { Logger as NestPinoLogger, LoggerModule, PinoLogger } from 'nestjs-pino';
import { pino, type LoggerOptions } from 'pino';
import { describe, expect, test } from 'vitest';
import * as winston from 'winston';

const OWN_LOGGER = Symbol('the logger of the app');

/** As pino, winston and bunyan have it in common. */
interface OwnLogger {
  warn(...entry: unknown[]): void;
  error(...entry: unknown[]): void;
}

/** An app whose gateway has a logger that is not Nest's. */
function appWith(logger: OwnLogger, warning: (text: string) => unknown[], error: (cause: Error) => unknown[]) {
  @WebSocketGateway()
  class LoggingGateway {
    constructor(@Inject(OWN_LOGGER) private readonly own: OwnLogger) {}

    @SubscribeMessage('warn')
    async warn(@MessageBody() text: string): Promise<string> {
      await Promise.resolve();
      this.own.warn(...warning(text));
      return 'warned';
    }

    @SubscribeMessage('fail')
    fail(): string {
      this.own.error(...error(new Error('the disk is full')));
      return 'failed';
    }
  }

  @Module({ providers: [LoggingGateway, { provide: OWN_LOGGER, useValue: logger }] })
  class LoggingModule {}
  return LoggingModule;
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

const pinoTo = (stream: Writable, options?: LoggerOptions) =>
  appWith(
    pino({ base: { service: 'chat' }, ...options }, stream),
    (text) => [{ context: 'Audit', text }, 'it was said'],
    (cause) => [cause, 'it was not saved'],
  );

const own = {
  pino: () => pinoTo(nowhere()),
  'pino that calls levels by other names': () =>
    pinoTo(nowhere(), { formatters: { level: (label) => ({ level: `<${label}>` }) } }),
  'pino with a stream of the harness': () => pinoTo(logStream()),
  winston: () =>
    appWith(
      winston.createLogger({
        format: winston.format.combine(winston.format.errors({ stack: true }), winston.format.json()),
        defaultMeta: { service: 'chat' },
        transports: [new winston.transports.Stream({ stream: logStream() })],
      }),
      (text) => [{ message: 'it was said', context: 'Audit', text }],
      (cause) => [{ message: 'it was not saved', stack: cause.stack }],
    ),
};

describe.each(Object.entries(own))('an entry that the app logs with %s', (_, appOf) => {
  test('is captured with its cause', async () => {
    await using app = await startTestApp(appOf());
    const alice = await app.connect({ name: 'alice' });
    await alice.emitWithAck('warn', 'hi');
    await matches(app).toHaveLogged('it was said', { level: 'warn', context: 'Audit', by: alice, event: 'warn' });
    expect(app.logs.entries.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        message: 'it was said',
        params: [{ service: 'chat', text: 'hi' }],
        cause: { client: 'alice' },
        attributed: true,
      },
    ]);
  });

  test('fails the test when it is an error', async () => {
    const app = await startTestApp(appOf(), { errorLogs: 'fail' });
    const alice = await app.connect();
    await alice.emitWithAck('fail');
    expect(app.logs.errors).toMatchObject([{ stack: expect.stringContaining('other-loggers.spec.ts') as string }]);
    await expect(app.close()).rejects.toThrow('it was not saved');
  });

  test('belongs to the app that logged it', async () => {
    await using one = await startTestApp(appOf());
    await using other = await startTestApp(appOf());
    const alice = await one.connect();
    await alice.emitWithAck('warn', 'hi');
    await matches(one).toHaveLogged('it was said');
    expect(other.logs.entries.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

test('an entry that pino fails to write is an error of the handler that logs it', async () => {
  const failing = pinoTo(nowhere(), {
    serializers: {
      text: () => {
        throw new Error('not to be written');
      },
    },
  });
  await using app = await startTestApp(failing);
  const alice = await app.connect();
  alice.emit('warn', 'hi');
  await matches(app).toHaveLogged(/not to be written/, { level: 'error', by: alice });
});

describe('nestjs-pino', () => {
  @WebSocketGateway()
  class PinoGateway {
    private readonly nests = new Logger('Nest');

    constructor(@Inject(PinoLogger) private readonly logger: PinoLogger) {
      logger.setContext('PinoGateway');
    }

    @SubscribeMessage('say')
    say(@MessageBody() text: string): string {
      this.logger.info({ text }, 'by pino');
      this.nests.log('by Nest');
      return 'said';
    }
  }

  function moduleOf(): DynamicModule {
    @Module({})
    class PinoModule {}
    return {
      module: PinoModule,
      imports: [LoggerModule.forRoot({ pinoHttp: { level: 'info', stream: nowhere() } })],
      providers: [PinoGateway],
    };
  }

  const options: TestAppOptions = { setup: (app) => app.useLogger(app.get(NestPinoLogger)) };

  test('is captured where it is injected, and each entry once where it is also the logger of Nest', async () => {
    await using app = await startTestApp(moduleOf(), options);
    const alice = await app.connect();
    await alice.emitWithAck('say', 'hi');
    await matches(app).toHaveLogged('by pino', { context: 'PinoGateway', params: [{ text: 'hi' }], by: alice });
    const said = app.logs.entries.filter(({ cause }) => cause?.event === 'say');
    expect(said.map(({ message }) => message)).toEqual(['by pino', 'by Nest']);
  });
});

describe('a line that is not JSON', () => {
  test('is captured as a message, even when it arrives in parts', async () => {
    await using app = await startTestApp(own.pino());
    const stream = logStream();
    stream.write('plain');
    stream.write(' text\n\n{"level":"silly","message":"a"}\n[1]\n{"level":35}\n');
    expect(app.logs.entries.slice(-4).map(({ level, message }) => [level, message])).toEqual([
      ['log', 'plain text'],
      ['verbose', 'a'],
      ['log', '[1]'],
      ['log', ''],
    ]);
  });

  test('is dropped when no app is running', () => {
    expect(() => logStream().write('{"level":30,"msg":"to nobody"}\n')).not.toThrow();
  });
});
