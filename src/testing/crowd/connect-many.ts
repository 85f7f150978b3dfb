import { withSlash, type ConnectOptions } from '../client/connect-options.js';
import type { ServerAddress } from '../client/connect-client.js';
import type { EventsMap } from '../client/events-map.js';
import type { ClientAssertionContext } from '../client/test-client.js';
import { CONNECT_HEADER, crowdHeader } from '../observer/handshake-refusals.js';
import { CrowdConnectionError, DeadlineError } from '../report/errors.js';
import { format } from '../report/format.js';
import { EXPIRED, stretched, withTimeout } from '../timing/deadline.js';
import { Crowd } from './crowd.js';
import { CrowdConnection } from './crowd-connection.js';
import type { Member } from './member.js';
import type { Open } from './protocol.js';
import { showProgress } from './progress.js';
import { asCloned, asSent, sendable } from './sendable.js';
import { count as words, grouped, listed } from './words.js';

/** How the clients of a crowd connect: as single ones do, with what can be sent to another process. */
export interface ConnectManyOptions extends Omit<
  ConnectOptions,
  'auth' | 'parser' | 'agent' | 'until' | 'on' | 'connection' | 'signal'
> {
  /** What each client sends to authenticate, or a function that returns that for the client of this number, from 0. */
  auth?: object | ((index: number) => object | Promise<object>);
  /**
   * How long each wait may take, in milliseconds. Connecting may take longer, as long as another client gets connected
   * within this time, or within 5 seconds.
   *
   * @default the app's `timeout`, and 2 ms for each client
   */
  timeout?: number;
}

/** What a crowd needs of the app or the cluster that it connects to. */
export interface CrowdHost {
  /** The clients connect to them in turn. */
  readonly targets: readonly Pick<ServerAddress, 'url' | 'path' | 'parser'>[];
  readonly context: ClientAssertionContext;
  /** Its crowds. A new one is there at once. */
  readonly crowds: Set<Crowd>;
  /** In milliseconds. */
  readonly timeout: number;
}

/**
 * Connects many clients in a process of their own.
 *
 * @throws RangeError when the number is not a whole number from 1
 * @throws TypeError when something cannot be sent to another process
 * @throws CrowdConnectionError when not all of them get connected
 */
export async function connectMany<ServerToClient extends EventsMap, ClientToServer extends EventsMap>(
  host: CrowdHost,
  count: number,
  { name: given = 'crowd', namespace = '/', timeout: givenTimeout, auth, ...options }: ConnectManyOptions,
): Promise<Crowd<ServerToClient, ClientToServer>> {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`connectMany() needs the number of clients, a whole number from 1; got ${format(count)}.`);
  const { context, crowds } = host;
  const timeout = givenTimeout === undefined ? host.timeout + stretched(count * PER_CLIENT) : stretched(givenTimeout);
  const name = nameOf(given, count, context);
  if (host.targets.some(({ parser }) => parser))
    throw new TypeError(
      'The server has a parser of its own, and the clients of a crowd have not. Use connect() for it.',
    );
  const auths = Array.from({ length: count }, async (_, index) => (typeof auth === 'function' ? auth(index) : auth));
  const open: Open = {
    targets: host.targets.map(({ url, path }) => ({ url: new URL(withSlash(namespace), url).href, path })),
    options: sendable(
      {
        reconnection: false,
        transports: ['websocket'],
        ...options,
        extraHeaders: { ...options.extraHeaders, [CONNECT_HEADER]: crowdHeader(name) },
      },
      asCloned,
      (option) => `the value of ${option}`,
    ),
    auths: sendable(await Promise.all(auths), asSent, (index) => `the auth of client ${index}`),
  };
  context.timeline.fold(name);
  const connection = new CrowdConnection(name, withSlash(namespace), context, count);
  const crowd = new Crowd<ServerToClient, ClientToServer>(connection, connection.members, context, timeout);
  crowds.add(crowd);
  const connected = context.activity.begin('connecting', { client: name });
  const endProgress = showProgress(crowd);
  try {
    // The time that the process takes to start does not count.
    expectRoom(count, await connection.process.ask('openFileLimit', undefined));
    await whileMoving(connection.process.ask('open', open), () => crowd.connected, timeout, context.signal);
    connected();
    // What the hooks do to the others belongs to the error.
    if (crowd.members.some(({ serverEnd, wasRefused }) => !serverEnd && !wasRefused)) expectConnected(crowd);
    await untilHandled(crowd);
    return crowd;
  } catch (error) {
    connected();
    await crowd.disconnect().catch(() => {});
    throw error;
  } finally {
    endProgress();
  }
}

/** How much longer each client makes what all of them do, in milliseconds. */
const PER_CLIENT = 2;

/** How many files a process has open beside its connections. */
const OTHER_FILES = 64;

/** @throws RangeError when a process cannot have this many connections */
function expectRoom(count: number, limit: number): void {
  if (count <= limit - OTHER_FILES) return;
  throw new RangeError(
    `connectMany(${count}) needs as many open files, and this machine allows ${limit} in each process, of which some are ` +
      'in use. Raise the limit (`ulimit -n`), or connect fewer clients.',
  );
}

/** A second `crowd` becomes `crowd 2`. */
function nameOf(given: string, count: number, context: ClientAssertionContext): string {
  const taken = new Set(context.receivers().map(({ crowd }) => crowd));
  const numbered = (number: number): string => `${given}${number === 1 ? '' : ` ${number}`} (${words(count)} clients)`;
  let number = 1;
  while (taken.has(numbered(number))) number += 1;
  return numbered(number);
}

/** How long clients that connect at the same time may keep each other waiting, in milliseconds. */
const LEAST_PATIENCE = 5_000;

/** Waits for a promise as long as the number of clients changes within each `timeout`. */
async function whileMoving(
  promise: Promise<unknown>,
  connected: () => number,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  let before: number;
  do {
    before = connected();
    if ((await withTimeout(promise, Math.max(timeout, LEAST_PATIENCE), signal)) !== EXPIRED) return;
  } while (connected() > before);
}

/** @throws CrowdConnectionError when not every client is connected, to the app */
function expectConnected({ name, members, connected, connection: { namespace } }: Crowd): void {
  if (connected === members.length && members.every(({ serverEnd }) => serverEnd)) return;
  throw new CrowdConnectionError(`${words(connected)} of ${name} are connected to ${namespace}. All were to be.`, {
    refused: showReasons(members.filter(({ wasRefused }) => wasRefused)),
    disconnected: showReasons(members.filter(({ state, wasRefused }) => state === 'gone' && !wasRefused)),
    'no answer': showMembers(members.filter(({ state }) => state === 'connecting')),
    'connected to another server than the app': showMembers(
      members.filter(({ state, serverEnd }) => state === 'connected' && !serverEnd),
    ),
  });
}

/** Resolves when every `handleConnection` has settled and the clients have received what they sent. */
async function untilHandled(crowd: Crowd): Promise<void> {
  const { connection, members, name, timeout, context } = crowd;
  const { activity, signal } = context;
  const handled = await Promise.all(members.map(async ({ serverEnd }) => serverEnd?.whenHandled({ timeout, signal })));
  connection.throwFailure(members);
  if (handled.includes(EXPIRED)) {
    const waiting = showMembers(members.filter((_, place) => handled[place] === EXPIRED));
    throw new DeadlineError(`handleConnection did not settle for ${name}`, timeout, { 'still running for': waiting });
  }
  await withTimeout(connection.fenceToClient(), timeout, signal);
  await activity.until(() => connection.agrees() || undefined, timeout, signal);
  expectConnected(crowd);
}

function showMembers(members: readonly Member[]): string | undefined {
  return members.length === 0 ? undefined : `${words(members.length)}: ${listed(members)}`;
}

function showReasons(members: readonly Member[]): string[] {
  return grouped(members, ({ reason }) => reason ?? 'unknown').map(
    ([reason, group]) => `${words(group.length)} with ${format(reason)}: ${listed(group)}`,
  );
}
