import timers from 'node:timers';
import { clearInterval, clearTimeout, setInterval, setTimeout } from '../timing/real-time.js';

/*
 * A test may fake the time of the app and let minutes pass at once. The connections are real, so their heartbeats must
 * be real too: a peer that gets a ping in faked time has no time to answer.
 *
 * Engine.IO's server takes `setTimeout` from `node:timers` whenever it needs a timer. Vitest and Jest do not change
 * that module, but the `mock.timers` of node:test do. A replaced `clearTimeout` cannot clear an earlier timer, so the
 * connection would be dropped although its peer has answered. There is no option for other timers:
 * https://github.com/socketio/socket.io/blob/main/packages/engine.io/lib/socket.ts
 */

type Timer = ReturnType<typeof setTimeout>;

/** `conn` of a socket.io `Socket`, with the private members of Engine.IO that concern its timers. */
interface Connection {
  readonly protocol: number;
  readonly transport: Transport;
  readonly upgrading?: boolean;
  pingIntervalTimer?: Timer;
  pingTimeoutTimer?: Timer | null;
  schedulePing(): void;
  resetPingTimeout(): void;
  _maybeUpgrade(transport: Transport): void;
  on(event: 'heartbeat' | 'close' | 'upgrading', listener: () => void): unknown;
}

interface Transport {
  readonly name: string;
  readonly readyState: string;
  readonly writable: boolean;
  send(packets: { type: 'noop' }[]): void;
}

/** The private member of Engine.IO's client that concerns its timers. */
interface ClientEngine {
  _hasPingExpired?(): boolean;
}

/** Keeps a connection of the server alive in real time. Call it as soon as the connection exists. */
export function beatInRealTime(accepted: object): void {
  const connection = accepted as Connection;
  // The first timer already exists, real or faked. The current `clearTimeout` knows it.
  timers.clearTimeout(connection.pingIntervalTimer);
  timers.clearTimeout(connection.pingTimeoutTimer ?? undefined);
  let expiry: Timer | null | undefined;
  const schedulePing = connection.schedulePing.bind(connection);
  const resetPingTimeout = connection.resetPingTimeout.bind(connection);
  connection.schedulePing = () => withRealTimers(schedulePing);
  connection.resetPingTimeout = () => {
    clearTimeout(expiry ?? undefined);
    withRealTimers(resetPingTimeout);
    expiry = connection.pingTimeoutTimer;
  };
  connection.on('heartbeat', () => {
    // A client of protocol 3 sends the pings itself, and each ping has already reset the expiry.
    if (connection.protocol !== 3) clearTimeout(expiry ?? undefined);
  });
  connection.on('close', () => {
    clearTimeout(connection.pingIntervalTimer);
    clearTimeout(expiry ?? undefined);
  });
  upgradeInRealTime(connection);
  if (connection.protocol === 3) connection.resetPingTimeout();
  else connection.schedulePing();
}

/** A client's timers are real by `useNativeTimers`. A faked `Date` alone says nothing about the server. */
export function expectPingsInRealTime(engine: object): void {
  (engine as ClientEngine)._hasPingExpired = () => false;
}

/** An upgrade has two timers: one gives it up, the other ends a poll so that the client can switch. */
function upgradeInRealTime(connection: Connection): void {
  const maybeUpgrade = connection._maybeUpgrade.bind(connection);
  connection._maybeUpgrade = (transport) => {
    const isPending = (): boolean => transport.readyState === 'open' && connection.transport !== transport;
    const begin = (giveUp: () => void, timeout: number): Timer =>
      setTimeout(() => isPending() && giveUp(), timeout).unref();
    withRealTimers(() => maybeUpgrade(transport), begin);
  };
  connection.on('upgrading', () => {
    const check = setInterval(() => {
      const { transport, upgrading } = connection;
      if (!upgrading) clearInterval(check);
      else if (transport.name === 'polling' && transport.writable) transport.send([{ type: 'noop' }]);
    }, 100);
  });
}

/** Puts the real timers into `node:timers` while Engine.IO creates a timer. No code of the app runs meanwhile. */
function withRealTimers(makeTimer: () => void, begin: (fire: () => void, timeout: number) => Timer = setTimeout): void {
  const inForce = { setTimeout: timers.setTimeout, clearTimeout: timers.clearTimeout };
  Object.assign(timers, { setTimeout: begin, clearTimeout });
  try {
    makeTimer();
  } finally {
    Object.assign(timers, inForce);
  }
}
