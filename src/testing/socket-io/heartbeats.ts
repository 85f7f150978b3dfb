import timers from 'node:timers';
import { clearInterval, clearTimeout, setInterval, setTimeout } from '../timing/real-time.js';

/*
 * A test may fake the time of the app and let minutes pass at once. The links between client and server are real, and
 * so their heartbeats have to be: a peer that is asked for a sign of life in faked time has no time to give one.
 *
 * Engine.IO's server takes `setTimeout` from `node:timers` whenever it needs a timer. Vitest and Jest leave that module
 * alone, the `mock.timers` of node:test replaces what is in it; and a timer that was begun before cannot be cleared by
 * a replaced `clearTimeout`, so that the link would be dropped although its peer has answered. There is no option
 * for other timers: https://github.com/socketio/socket.io/blob/main/packages/engine.io/lib/socket.ts
 */

type Timer = ReturnType<typeof setTimeout>;

/** `conn` of a socket.io `Socket`, with what Engine.IO keeps private about its timers. */
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

/** What Engine.IO's client keeps private about its timers. */
interface ClientEngine {
  _hasPingExpired?(): boolean;
}

/** Keeps a connection of the server's alive in real time. To be called when it has just been made. */
export function beatInRealTime(accepted: object): void {
  const connection = accepted as Connection;
  // By then the first timer is there, real or faked: the `clearTimeout` of the same moment knows it.
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
    // A client of protocol 3 sends the pings itself; each has put the expiry off.
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

/** Of a client, whose timers are real by `useNativeTimers`: a faked `Date` alone says nothing about the server. */
export function expectPingsInRealTime(engine: object): void {
  (engine as ClientEngine)._hasPingExpired = () => false;
}

/** The timers of an upgrade: one gives it up, the other ends a poll so that the client can go over. */
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

/** Lends `node:timers` the real timers while Engine.IO makes one: no code of the app's runs meanwhile. */
function withRealTimers(makeTimer: () => void, begin: (fire: () => void, timeout: number) => Timer = setTimeout): void {
  const inForce = { setTimeout: timers.setTimeout, clearTimeout: timers.clearTimeout };
  Object.assign(timers, { setTimeout: begin, clearTimeout });
  try {
    makeTimer();
  } finally {
    Object.assign(timers, inForce);
  }
}
