import type { TestClient } from '../client/test-client.js';
import { ConnectionRefusedError, type RefusalStage } from '../report/errors.js';
import { isText, report, format, showEvent } from '../report/format.js';
import { failureContext, whyGone } from './failure-text/failure-context.js';
import { difference } from './failure-text/difference.js';
import type { Equals } from './equality.js';
import { aboutClient, expectedEvent, type Assertion, type Verdict } from './assertion.js';

/** The expected properties of a connection. */
export interface ExpectedConnection {
  transport?: 'websocket' | 'polling';
}

/** Asserts that a client is connected: by this transport, if one is given. */
export function isConnected(client: TestClient, { transport }: ExpectedConnection): Assertion<string> {
  return {
    ...aboutClient(client),
    // A client that is gone is surely not connected.
    whyInconclusive: undefined,
    wanted: transport ? `be connected by ${transport}` : 'be connected',
    // The client may be about to disconnect.
    complete: true,
    look: () =>
      client.connected && (transport === undefined || client.transport === transport) ? client.transport : undefined,
    isHopeless: () => client.isGone,
    describe: (found) => [`${client.name} is connected by ${found}`],
    instead: () => (client.connected ? [`${client.name} is connected by ${client.transport}`] : []),
  };
}

/** The expected reason for a disconnection at the server. */
export interface ExpectedDisconnection {
  /** Socket.IO's reason at the server, such as `transport close`, `client namespace disconnect`, `ping timeout`. */
  server?: string;
}

/** Asserts that a client is disconnected: for these reasons, if any are given. */
export function isDisconnected(
  client: TestClient,
  reason: string | undefined,
  { server }: ExpectedDisconnection,
): Assertion<string> {
  const reasons = [
    ...(reason === undefined ? [] : [format(reason)]),
    ...(server === undefined ? [] : [`on the server ${format(server)}`]),
  ];
  const hasGone = (): boolean => !client.connected && client.disconnectReason !== undefined;
  const bothEnds = (): boolean => hasGone() && client.serverDisconnectReason !== undefined;
  return {
    ...aboutClient(client),
    whyInconclusive: undefined,
    wanted: ['be disconnected', reasons.join(' and ')].filter(Boolean).join(' for '),
    look: () =>
      hasGone() &&
      (reason === undefined || client.disconnectReason === reason) &&
      (server === undefined || client.serverDisconnectReason === server)
        ? client.disconnectReason
        : undefined,
    // A test that expects the disconnection also expects that the event that caused it was refused.
    take: () => client.context.observer.refusals.declare(client.connection.serverEnd?.disconnectCause?.entry),
    isHopeless: () => bothEnds() && client.isGone,
    describe: () => whyGone(client),
    instead: () => (client.connected ? [`${client.name} is connected by ${client.transport}`] : whyGone(client)),
  };
}

/** The expected properties of a refusal. */
export interface ExpectedRefusal {
  /** What refuses the connection: the HTTP handshake, the namespace or its middlewares, or the gateway. */
  stage?: RefusalStage;
  /** `error.data` of a middleware's error. */
  data?: unknown;
  /** All events that the gateway sent before the refusal, in order. */
  received?: readonly (readonly [event: string, ...args: unknown[]])[];
}

/** Asserts that the server refuses a connection: for this reason, if one is given. */
export async function isRefused(
  connecting: unknown,
  reason: string | RegExp | undefined,
  expected: ExpectedRefusal,
  equals: Equals,
): Promise<Verdict> {
  const received = expected.received?.map((event) => expectedEvent(event, equals));
  const wanted = [
    'be refused',
    expected.stage && `by the ${expected.stage}`,
    reason !== undefined && `for ${format(reason)}`,
    'data' in expected && `with data ${format(expected.data)}`,
    received && `behind ${received.map(({ text }) => text).join(', ') || 'nothing'}`,
  ].filter(Boolean);
  let client: unknown;
  try {
    client = await connecting;
  } catch (error) {
    if (!(error instanceof ConnectionRefusedError)) throw error;
    const pass =
      (reason === undefined || isText(reason, error.reason)) &&
      (expected.stage === undefined || expected.stage === error.stage) &&
      (!('data' in expected) || equals(error.data, expected.data)) &&
      (received === undefined ||
        (received.length === error.received.length &&
          received.every(({ matches }, position) => matches(error.received[position]!))));
    const not = pass ? ' not' : '';
    const elsewhere = expected.stage !== undefined && expected.stage !== error.stage;
    const [headline = ''] = error.message.split('\n');
    const message = report(`Expected ${error.client}${not} to ${wanted.join(' ')}.`, {
      but: [
        elsewhere ? headline.replace(/ by the [^:]+/, `$&, and not refused by the ${expected.stage}`) : headline,
        ...('data' in expected && !pass && !elsewhere ? ['with data', ...difference(expected.data, error.data)] : []),
      ],
      'was sent before': error.received.map(({ event, args }) => showEvent(event, args)),
      ...error.details,
    });
    return { pass, message: () => message };
  }
  const known = client as TestClient | undefined;
  const message = report(
    `Expected ${known?.name ?? format(client)} to ${wanted.join(' ')}, but it was let in.`,
    known?.context ? failureContext(known.context, [known]) : {},
  );
  return { pass: false, message: () => message };
}
