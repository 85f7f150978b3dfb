import type { ReceivedEvent } from '../model/received-event.js';
import type { Work } from '../model/work.js';
import type { LogEntry } from '../model/log-entry.js';
import type { Refusal } from '../model/refused-event.js';
import { report, format, showEvent, showExpectable, showServerError, showWorks, type Details } from './format.js';

/** An error of the harness. Its message lists the details. */
class KnownError extends Error {
  constructor(headline: string, details: Details = {}, options: ErrorOptions = {}) {
    super(report(headline, details), options);
  }
}

/** The app under test did not start. `cause` is what its code, or Nest, threw. */
export class AppStartError extends KnownError {
  override readonly name = 'AppStartError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, {}, options);
  }
}

/** The process of a node ended otherwise than the test, or SIGTERM, had it end. */
export class NodeEndedError extends KnownError {
  override readonly name = 'NodeEndedError';

  constructor(script: string, { code, signal, lastLines }: EndedNode) {
    const how = signal === null ? `exit code ${code}` : signal;
    super(`A node (${script}) did not end cleanly: ${how}.`, { 'printed last': lastLines });
  }
}

interface EndedNode {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastLines: readonly string[];
}

/** The app under test did not shut down cleanly. `errors` has each problem. */
export class TeardownError extends AggregateError {
  override readonly name = 'TeardownError';

  constructor(subject: string, errors: readonly Error[]) {
    super(errors, report(`${subject} did not close cleanly.`, { problems: errors.map(({ message }) => message) }));
  }
}

/** A gateway's hook threw or rejected. `cause` is what it threw. */
export class HookError extends KnownError {
  override readonly name = 'HookError';

  constructor(
    /** Such as `ChatGateway.handleConnection`. */
    readonly hook: string,
    /** The client that the hook was called for. */
    readonly client: string,
    cause: unknown,
    /** Whether the app logs it and disconnects the client, as WebsocketModule does. Plain Nest ends the process. */
    readonly isContained: boolean,
  ) {
    const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : format(cause);
    const note = isContained
      ? undefined
      : 'Nest itself does not catch this: outside of the harness it ends the process.';
    super(`${hook} failed for ${client}: ${text}`, { note }, { cause });
  }
}

/** The stage at which a connection was refused. */
export type RefusalStage =
  /** The HTTP handshake refused it: `allowRequest`, an origin check, an unknown transport. */
  | 'handshake'
  /** The namespace refused it: it does not exist, or one of its middlewares called `next(error)`. */
  | 'namespace'
  /** The gateway refused it: `handleConnection` disconnected the client. */
  | 'gateway';

/** The server refused a connection. `cause` is the error that the client got. */
export class ConnectionRefusedError extends KnownError {
  override readonly name = 'ConnectionRefusedError';

  /** `error.data` of a middleware's error. */
  readonly data: unknown;
  /** What a gateway sent to the client before it refused it. */
  readonly received: readonly ReceivedEvent[];
  /** @internal More details, for readers. */
  readonly details: Details;

  constructor(
    readonly client: string,
    readonly stage: RefusalStage,
    /** The reason that the server gave. */
    readonly reason: string,
    known: {
      namespace?: string;
      data?: unknown;
      received?: readonly ReceivedEvent[];
      details?: Details;
      cause?: unknown;
    },
  ) {
    const { namespace, data, received = [], details = {}, cause } = known;
    const where = namespace === undefined ? stage : `${stage} ${namespace}`;
    const what = stage === 'gateway' ? 'let in and then disconnected' : 'refused';
    const told = {
      data: data === undefined ? undefined : format(data),
      'was sent before': received.map(({ event, args }) => showEvent(event, args)),
      ...details,
    };
    super(`${client} was ${what} by the ${where}: ${format(reason)}`, told, cause === undefined ? {} : { cause });
    this.data = data;
    this.received = received;
    this.details = details;
  }
}

/** Clients that `connect()` did not open were still connected when the app was closed. */
export class LeftoverClientError extends KnownError {
  override readonly name = 'LeftoverClientError';

  constructor(
    /** The socket id and namespace of each. */
    readonly clients: readonly string[],
  ) {
    super(
      `Still connected at the end, and not opened by connect(): ${clients.join(', ')}. Whoever opens a client closes it.`,
    );
  }
}

/** The server logged errors that the test did not declare as expected. */
export class UndeclaredErrorLogsError extends KnownError {
  override readonly name = 'UndeclaredErrorLogsError';

  constructor(
    readonly entries: readonly LogEntry[],
    /** Replaces ids in a text with names. */
    named: (text: string) => string = (text) => text,
  ) {
    const [first] = entries;
    const text = first ? showExpectable(first) : "'…'";
    super('The server logged errors that the test did not declare as expected.', {
      logged: entries.flatMap(showServerError).map(named),
      note: `To expect one: await expect(app).toHaveLogged(${text}, { level: 'error' }), or app.logs.allowErrors(${text}), with the whole message or a pattern.`,
    });
  }
}

/** The server refused clients' events that the test did not declare as expected. */
export class UndeclaredRefusalsError extends KnownError {
  override readonly name = 'UndeclaredRefusalsError';

  constructor(readonly refusals: readonly Refusal[]) {
    const [{ reason } = { reason: '…' }] = refusals;
    super('The server refused events that the test did not expect to be refused.', {
      refused: refusals.map(({ client, event, reason: why }) => `${client}'s ${showEvent(event)}: ${why}`),
      note:
        'To expect one: await expect(client.emitWithAck(…)).toRaiseException(), read the ack or the event that tells of it, ' +
        `or app.allowRefusals(${format(reason)}) beforehand.`,
    });
  }
}

/** In strict mode: the test left loose ends. */
export class LooseEndsError extends KnownError {
  override readonly name = 'LooseEndsError';

  constructor(
    /** The loose ends, by kind. */
    readonly looseEnds: Details,
  ) {
    super('Strict mode: the test left loose ends.', looseEnds);
  }
}

/** A client is not connected, or no longer connected. */
export class ClientGoneError extends KnownError {
  override readonly name = 'ClientGoneError';

  constructor(
    readonly client: string,
    /** Socket.IO's reason for the disconnection, as the client saw it. */
    readonly reason: string,
    wanted: string,
    details: Details = {},
  ) {
    super(`${wanted}, but ${client} is gone: ${reason}.`, details);
  }
}

/** Not all clients of a crowd got connected. */
export class CrowdConnectionError extends KnownError {
  override readonly name = 'CrowdConnectionError';
}

/** Some clients of a crowd got no ack. */
export class CrowdAckError extends KnownError {
  override readonly name = 'CrowdAckError';

  constructor(crowd: string, event: string, timeout: number, clients: string) {
    super(`${crowd} emitted ${event} and waited for the acks, but not all came within ${timeout} ms.`, {
      'without an ack': clients,
    });
  }
}

/** The process of a crowd's clients has ended, or cannot do what it was asked. */
export class CrowdProcessError extends KnownError {
  override readonly name = 'CrowdProcessError';

  constructor(crowd: string, reason: string, lastLines: readonly string[] = []) {
    super(`The process of the clients of ${crowd} failed: ${reason}.`, {
      'it printed last': lastLines,
    });
  }
}

/** A wait timed out. */
export class DeadlineError extends KnownError {
  override readonly name = 'DeadlineError';

  constructor(
    expectation: string,
    /** In milliseconds. */
    readonly timeout: number,
    details: Details,
  ) {
    super(`${expectation} within ${timeout} ms.`, details);
  }
}

/** The app did not settle in time. */
export class SettleTimeoutError extends KnownError {
  override readonly name = 'SettleTimeoutError';

  constructor(
    /** In milliseconds. */
    readonly timeout: number,
    /** The work that was still in flight. */
    readonly inFlight: readonly Work[],
    apart: readonly string[],
    /** What is wrong with the links, in words. */
    faults: readonly string[],
    /** The step that did not finish, if it was not the work in flight. */
    stalled?: string,
  ) {
    const onlyStreams = inFlight.length > 0 && inFlight.every(({ stream }) => stream);
    const ticks = inFlight.some(({ what }) => what.startsWith('setInterval'));
    const held = inFlight.some(({ what }) => what.startsWith('socket.use'));
    super(`The app did not settle within ${timeout} ms.`, {
      'still in flight': showWorks(inFlight),
      'connected at one end only, about to reconnect, or with more to send': apart,
      'faults that the test injected (heal() removes them)': faults,
      stalled,
      note:
        !stalled && inFlight.length + apart.length + faults.length === 0
          ? 'Nothing is in flight, but packets keep coming: does a timer emit all the time?'
          : held
            ? 'A socket.use middleware has to call next(), or next(error) to refuse the packet.'
            : ticks
              ? 'An interval does not end by itself: let the app clear it, or pass over timers by settle({ awaitTimers: false }).'
              : onlyStreams
                ? 'Streams that are meant to stay open are passed over by settle({ ignoreOpenStreams: true }), or by the same option of startTestApp.'
                : undefined,
    });
  }
}

/** The history of a test contradicts a guarantee. */
export class HistoryError extends KnownError {
  override readonly name = 'HistoryError';

  constructor(
    headline: string,
    /** The names of the guarantees that do not hold. */
    readonly guarantees: readonly string[],
    details: Details,
  ) {
    super(headline, details);
  }
}
