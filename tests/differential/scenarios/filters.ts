import { setImmediate } from 'node:timers/promises';
import { Catch, Inject, Injectable, UseFilters, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  BaseWsExceptionFilter,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { throwError } from 'rxjs';
import { failure, internalError } from '../support/failure.js';
import type { App, Fact, Note, Scenario } from '../support/scenario.js';

/** A gateway with filters at its handler of `fail`. */
function filtered(
  filters: (note: Note) => ExceptionFilter[],
  fail: () => unknown = () => {
    throw new WsException('no');
  },
): (note: Note) => App {
  return (note) => {
    @WebSocketGateway()
    class FilteredGateway {
      @UseFilters(...filters(note))
      @SubscribeMessage('fail')
      fail(@MessageBody() _body: unknown): unknown {
        return fail();
      }
    }
    return { providers: [FilteredGateway] };
  };
}

@Catch(WsException)
class EmittingFilter implements ExceptionFilter<WsException> {
  catch(error: WsException, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    ws.getClient<Socket>().emit('problem', error.message, ws.getData(), ws.getPattern());
  }
}

@Catch(TypeError)
class OtherFilter implements ExceptionFilter {
  constructor(private readonly note: Note) {}

  catch(): void {
    this.note('the wrong filter');
  }
}

@Catch()
class AnsweringFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const ack: unknown = host.getArgByIndex(2);
    if (typeof ack === 'function') ack({ problem: error.message });
  }
}

@Catch()
class RethrowingFilter extends BaseWsExceptionFilter {
  override catch(): void {
    throw new Error('the filter fails too');
  }
}

@Catch()
class ExtendingFilter extends BaseWsExceptionFilter {
  // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- this is a filter's method
  override catch = (error: unknown, host: ArgumentsHost): void => super.catch(error, host);
}

@Catch()
class AsyncFilter implements ExceptionFilter {
  async catch(error: Error, host: ArgumentsHost): Promise<void> {
    await setImmediate();
    host.switchToWs().getClient<Socket>().emit('problem', error.message);
  }
}

const tell: Scenario['run'] = async ({ connect }) => {
  await (await connect('alice')).tell('fail', 1);
};

const ask: Scenario['run'] = async ({ connect }) => {
  await (await connect('alice')).ask('fail', 1);
};

const saw = (...facts: Fact[]): Fact[] => [['alice', 'connect'], ...facts];
const FILTER_FAILED = [
  'error',
  'WsExceptionsHandler',
  'FilteredGateway.fail failed on "fail" of client <alice>: the filter fails too',
];
const NO = failure('fail', 'WS_EXCEPTION', 'no');

export const filters: Scenario[] = [
  {
    name: 'a filter emits an event of its own, with no ack',
    app: filtered(() => [new EmittingFilter()]),
    run: tell,
  },
  {
    name: 'a filter emits an event of its own, with an ack',
    app: filtered(() => [new EmittingFilter()]),
    run: ask,
    differs: {
      rows: ['failure-in-ack'],
      client: saw(['alice', 'event', 'problem', 'no', 1, 'fail'], ['alice', 'ack', 'fail', NO]),
    },
  },
  {
    name: 'a filter is for another kind of error, with no ack',
    app: filtered((note) => [new OtherFilter(note)]),
    run: tell,
    differs: { rows: ['error-envelope'], client: saw(['alice', 'event', 'exception', NO]) },
  },
  {
    name: 'of several filters the last that fits has the error',
    app: filtered((note) => [new EmittingFilter(), new OtherFilter(note)]),
    run: tell,
  },
  { name: 'a filter answers by the ack', app: filtered(() => [new AnsweringFilter()]), run: ask },
  { name: 'a filter says nothing, with no ack', app: filtered(() => [new AnsweringFilter()]), run: tell },
  { name: 'a filter is asynchronous', app: filtered(() => [new AsyncFilter()]), run: tell },
  {
    name: "a filter has the error of a handler's Observable",
    app: filtered(
      () => [new EmittingFilter()],
      () => throwError(() => new WsException('no')),
    ),
    run: tell,
  },
  {
    name: "a filter has the error of a handler's promise",
    app: filtered(
      () => [new EmittingFilter()],
      () => Promise.reject(new WsException('no')),
    ),
    run: tell,
  },
  {
    name: 'a filter that extends BaseWsExceptionFilter calls it for a WsException, with no ack',
    app: filtered(() => [new ExtendingFilter()]),
    run: tell,
  },
  {
    name: 'a filter that extends BaseWsExceptionFilter calls it for an Error, with no ack',
    app: filtered(
      () => [new ExtendingFilter()],
      () => {
        throw new Error('the disk is full');
      },
    ),
    run: tell,
  },
  {
    name: 'a filter that extends BaseWsExceptionFilter leaves out the cause, with no ack',
    app: filtered(() => [new ExtendingFilter({ includeCause: false })]),
    run: tell,
  },
  {
    name: 'a filter that extends BaseWsExceptionFilter calls it for a WsException, with an ack',
    app: filtered(() => [new ExtendingFilter()]),
    run: ask,
    differs: {
      rows: ['failure-in-ack'],
      client: saw(
        ['alice', 'event', 'exception', { status: 'error', message: 'no', cause: { pattern: 'fail', data: 1 } }],
        ['alice', 'ack', 'fail', NO],
      ),
    },
  },
  {
    name: 'a filter is given by its class, and injects a provider',
    app(note) {
      @Injectable()
      class Reports {
        add(message: string): void {
          note('reported', message);
        }
      }
      @Catch(WsException)
      class ReportingFilter implements ExceptionFilter<WsException> {
        constructor(@Inject(Reports) private readonly reports: Reports) {}

        catch({ message }: WsException): void {
          this.reports.add(message);
        }
      }
      @UseFilters(ReportingFilter)
      @WebSocketGateway()
      class ReportedGateway {
        @SubscribeMessage('fail')
        fail(): void {
          throw new WsException('no');
        }
      }
      return { providers: [Reports, ReportedGateway] };
    },
    run: tell,
  },
  {
    name: 'a filter throws, with no ack',
    app: filtered(() => [new RethrowingFilter()]),
    run: tell,
    differs: {
      rows: ['filter-that-throws', 'log-of-failures'],
      client: saw(['alice', 'event', 'exception', internalError('fail')]),
      log: [FILTER_FAILED],
    },
  },
  {
    name: 'a filter throws, with an ack',
    app: filtered(() => [new RethrowingFilter()]),
    run: ask,
    differs: {
      rows: ['filter-that-throws', 'log-of-failures'],
      client: saw(['alice', 'ack', 'fail', internalError('fail')]),
      log: [FILTER_FAILED],
    },
  },
  {
    name: 'a filter of the gateway has the errors of its handlers',
    app() {
      @UseFilters(new EmittingFilter())
      @WebSocketGateway()
      class FilteredGateway {
        @SubscribeMessage('fail')
        fail(): void {
          throw new WsException('no');
        }
      }
      return { providers: [FilteredGateway] };
    },
    run: tell,
  },
  ...[
    ['useGlobalFilters', (filter: ExceptionFilter): App => ({ configure: (app) => void app.useGlobalFilters(filter) })],
    ['APP_FILTER', (filter: ExceptionFilter): App => ({ providers: [{ provide: APP_FILTER, useValue: filter }] })],
  ].map(([how, by]): Scenario => ({
    name: `a filter is set for the whole app by ${how as string}`,
    app(note) {
      const noting: ExceptionFilter = {
        catch: (error: Error) => note('filter', error.message),
      };
      const { providers = [], ...rest } = (by as (filter: ExceptionFilter) => App)(noting);
      @WebSocketGateway()
      class PlainGateway {
        @SubscribeMessage('fail')
        fail(): void {
          throw new WsException('no');
        }
      }
      return { ...rest, providers: [PlainGateway, ...providers] };
    },
    run: tell,
    differs: { rows: ['error-envelope'], client: saw(['alice', 'event', 'exception', NO]) },
  })),
];
