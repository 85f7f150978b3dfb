import { setTimeout as delay } from 'node:timers/promises';
import { ConsoleLogger, Injectable, Logger, Module, type LoggerService } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { startTestApp } from 'nest-realtime-kit/testing';
import { expect as matches } from 'nest-realtime-kit/testing/vitest';
import { describe, expect, test } from 'vitest';

@Injectable()
class Audit {
  private readonly logger = new Logger('Audit');

  note(text: string): void {
    this.logger.log(text);
  }
}

@WebSocketGateway()
class LoggingGateway {
  private readonly logger = new Logger(LoggingGateway.name);

  constructor(private readonly audit: Audit) {}

  @SubscribeMessage('log')
  async log(@MessageBody() text: string): Promise<string> {
    await delay(20);
    this.audit.note(text);
    return 'logged';
  }

  @SubscribeMessage('levels')
  levels(): string {
    this.logger.verbose('a', { b: 1 }, 2);
    this.logger.debug('c');
    this.logger.warn({ structured: true });
    this.logger.error('d', 'Error: d\n    at somewhere');
    this.logger.error('e');
    this.logger.fatal(new Error('f'));
    return 'done';
  }
}

@WebSocketGateway({ namespace: 'admin' })
class AdminGateway extends LoggingGateway {
  handleDisconnect(): void {
    new Logger('Admin').log('goodbye');
  }

  @SubscribeMessage('drop')
  drop(): void {
    new Logger('Admin').log('dropped', { ids: new Set(['b']) });
  }
}

@Module({ providers: [Audit, LoggingGateway, AdminGateway] })
class LoggingModule {}

test('toHaveLogged with `by` tells two clients of one name apart', async () => {
  await using app = await startTestApp(LoggingModule);
  const alice = await app.connect({ name: 'alice' });
  const admin = await app.connect({ name: 'alice', namespace: 'admin' });
  await admin.emitWithAck('log', 'kicked');
  await matches(app).toHaveLogged('kicked', { by: admin });
  await matches(app).not.toHaveLogged('kicked', { by: alice });
  await admin.disconnect();
  const again = await app.connect({ name: 'alice', namespace: 'admin' });
  await matches(app).toHaveLogged('goodbye', { by: admin });
  await matches(app).not.toHaveLogged('goodbye', { by: again });
});

test('toHaveLogged compares sets by their content', async () => {
  await using app = await startTestApp(LoggingModule);
  const admin = await app.connect({ namespace: 'admin' });
  admin.emit('drop');
  await matches(app).toHaveLogged('dropped', { params: [{ ids: new Set(['b']) }] });
  await matches(app).not.toHaveLogged('dropped', { params: [{ ids: new Set(['a']) }] });
});

test('an entry keeps level, context, message, parameters and stack', async () => {
  await using app = await startTestApp(LoggingModule);
  const alice = await app.connect({ name: 'alice' });
  await alice.emitWithAck('levels');
  const entries = app.logs.entries.filter(({ context }) => context === 'LoggingGateway');
  const cause = { client: 'alice', event: 'levels' };
  expect(entries).toMatchObject([
    { level: 'verbose', message: 'a', params: [{ b: 1 }, 2], cause },
    { level: 'debug', message: 'c', params: [], cause },
    { level: 'warn', message: { structured: true }, params: [], cause },
    { level: 'error', message: 'd', params: [], stack: 'Error: d\n    at somewhere', cause },
    { level: 'error', message: 'e', params: [], stack: undefined, cause },
    { level: 'fatal', message: new Error('f'), params: [], cause },
  ]);
  expect(app.logs.errors).toEqual(entries.slice(3));
});

test('each of several apps has its own entries, and both have an entry that belongs to neither', async () => {
  const [one, other] = await Promise.all([startTestApp(LoggingModule), startTestApp(LoggingModule)]);
  const [alice, bob] = [await one.connect({ name: 'alice' }), await other.connect({ name: 'bob' })];
  await Promise.all([alice.emitWithAck('log', 'by alice'), bob.emitWithAck('log', 'by bob')]);
  one.get(Audit).note('by the test');
  const audits = (app: typeof one) => app.logs.entries.filter(({ context }) => context === 'Audit');
  expect(audits(one)).toMatchObject([
    { message: 'by alice', attributed: true, cause: { client: 'alice', event: 'log' } },
    { message: 'by the test', attributed: false, cause: undefined },
  ]);
  expect(audits(other)).toMatchObject([
    { message: 'by bob', attributed: true, cause: { client: 'bob', event: 'log' } },
    { message: 'by the test', attributed: false },
  ]);

  await one.close();
  await bob.emitWithAck('log', 'after the other has closed');
  expect(audits(other).at(-1)).toMatchObject({ message: 'after the other has closed' });
  await other.close();
});

test('toHaveLogged reads the message of a logged error', async () => {
  await using app = await startTestApp(LoggingModule);
  const alice = await app.connect();
  await alice.emitWithAck('levels');
  await matches(app).toHaveLogged('Error: f', { level: 'fatal' });
  const pattern = /f$/g;
  await matches(app).toHaveLogged(pattern);
  await expect(async () => matches(app).not.toHaveLogged(pattern)).rejects.toThrow(
    'Expected the app not to log /f$/g.',
  );
});

describe('the logger of the process', () => {
  const inForce = (): unknown => (Logger as unknown as { staticInstanceRef: unknown }).staticInstanceRef;

  test('is restored when an app closes', async () => {
    const before = inForce();
    const app = await startTestApp(LoggingModule);
    expect(inForce()).not.toBe(before);
    await app.close();
    expect(inForce()).toBe(before);
  });

  test('is restored when an app fails to start', async () => {
    @Module({ providers: [LoggingGateway] })
    class BrokenModule {}
    const before = inForce();
    await expect(startTestApp(BrokenModule)).rejects.toThrow();
    expect(inForce()).toBe(before);
  });
});

test('entries are passed on to the logger that the app or the test sets', async () => {
  const passed: unknown[] = [];
  class Recorder extends ConsoleLogger implements LoggerService {
    override log(...args: unknown[]): void {
      passed.push(args);
    }
  }
  for (const options of [
    { logger: new Recorder() },
    { setup: (nest: { useLogger(logger: LoggerService): void }) => nest.useLogger(new Recorder()) },
  ]) {
    await using app = await startTestApp(LoggingModule, options);
    const alice = await app.connect();
    await alice.emitWithAck('log', 'hello');
    expect(passed.splice(0)).toContainEqual(['hello', 'Audit']);
  }
});
