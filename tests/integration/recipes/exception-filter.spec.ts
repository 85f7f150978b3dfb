import { Module, UseFilters } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from 'nest-realtime-kit';
import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import type { TestAppOptions } from 'nest-realtime-kit/testing';
import { beforeEach, describe } from 'vitest';
import { ReportingFilter as RethrowingFilter } from './exception-filter.rethrow.js';
import { AppModule, ErrorReports, RoomsGateway } from './exception-filter.js';

const reported: unknown[][] = [];

beforeEach(() => {
  reported.length = 0;
});

const options: TestAppOptions = {
  override: (builder) =>
    builder.overrideProvider(ErrorReports).useValue({ capture: (...report: unknown[]) => void reported.push(report) }),
};

const internalError = { status: 'error', code: 'INTERNAL_ERROR', message: 'Internal server error' };
const notFound = { status: 'error', code: 'NOT_FOUND', message: 'there is no attic' };
const missingTable = expect.objectContaining({ message: 'the table "rooms" does not exist' });

describe("a filter that passes errors on to Nest's filter", () => {
  const test = realtimeTest(AppModule, options);

  test('reports an error of the server, with the event and the client', async ({ app, connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('enter', 'hall')).toBeAcked(internalError);
    expect(reported).toEqual([[missingTable, { event: 'enter', client: alice.id }]]);
    await expect(app).toHaveLogged(/the table "rooms" does not exist/, { level: 'error' });
  });

  test('does not report an error that is meant for the client', async ({ connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('enter', 'attic')).toBeAcked(notFound);
    await expect(alice.emitWithAck('enter', 'cellar')).toBeAcked(
      expect.objectContaining({ message: 'the cellar is closed' }),
    );
    expect(reported).toEqual([]);
  });

  test('answers twice when there is an ack: in the ack and by "exception"', async ({ connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('enter', 'cellar')).toBeAcked(expect.objectContaining({ code: 'WS_EXCEPTION' }));
    const told = { status: 'error', message: 'the cellar is closed' };
    await expect(alice).toReceiveExactly(['exception', told]);
    alice.emit('enter', 'cellar');
    await expect(alice).toReceiveExactly(['exception', told]);
  });
});

describe('a filter that rethrows the error', () => {
  @UseFilters(RethrowingFilter)
  @WebSocketGateway()
  class RethrowingGateway extends RoomsGateway {}

  @Module({ imports: [WebsocketModule], providers: [ErrorReports, RethrowingGateway] })
  class RethrowingModule {}

  const test = realtimeTest(RethrowingModule, options);

  test('reports an error of the server, which is logged with its handler', async ({ app, connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('enter', 'hall')).toBeAcked(internalError);
    expect(reported).toEqual([[missingTable, { event: 'enter', client: alice.id }]]);
    await expect(app).toHaveLogged(/^RethrowingGateway.enter failed on "enter" of client/, {
      level: 'error',
    });
  });

  test('answers once: in the ack or, without an ack, by "exception"', async ({ connect }) => {
    const alice = await connect();
    await expect(alice.emitWithAck('enter', 'attic')).toBeAcked(notFound);
    await expect(alice).not.toReceive('exception');
    alice.emit('enter', 'attic');
    await expect(alice).toReceiveExactly(['exception', { ...notFound, event: 'enter' }]);
    expect(reported).toEqual([]);
  });
});
