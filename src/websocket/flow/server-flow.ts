import { setTimeout } from 'node:timers';
import { connectionOf, internalsOf } from '../engine-internals.js';
import type { Connection, EnginePacket } from '../engine-internals.js';
import type { ClientAddresses } from '../handshake/client-addresses.js';
import type { ConnectionLimits } from '../handshake/connection-limits.js';
import type { EngineRequest } from '../handshake/engine-request.js';
import type { ResolvedLimits } from '../limits.options.js';
import type { Server } from '../socket.io.js';
import type { ThrottledLog } from '../throttled-log.js';
import type { Backlogs, Excess } from './backlogs.js';
import { ConnectionState, setStateOf, stateOf } from './connection-state.js';
import { cutOff, dismiss, releaseTransport } from './disconnect.js';
import { sayWhy } from './disconnect-notice.js';
import type { FlowMetrics } from './flow-metrics.js';
import type { ResolvedFlowOptions } from './flow.options.js';
import { guardParser } from './guarded-parser.js';
import type { DecoderListener, GuardedDecoder } from './guarded-parser.js';
import { isNestedDeeper } from './nesting.js';
import { PacketType } from './packet.js';
import type { DecodedPacket } from './packet.js';
import { pacePolling, pacePosts } from './paced-polling.js';
import { paceWebSockets } from './paced-websocket.js';
import type { PacedWebSocket } from './paced-websocket.js';
import { ReadGate } from './read-gate.js';
import type { ReadTurns } from './read-turns.js';
import { Violation } from './violation.js';

/** How long a client that is not read may take for its goodbye, in milliseconds. */
const FAREWELL = 1_000;
/** Joining a namespace has middlewares run, and makes a socket: it counts as so many messages. */
const COST_OF_JOIN = 20;

/** What the flow of all servers has in common. */
export interface CommonFlow {
  readonly options: ResolvedFlowOptions;
  readonly limits: ResolvedLimits;
  readonly addresses: ClientAddresses;
  readonly connections: ConnectionLimits;
  readonly turns: ReadTurns;
  readonly backlogs: Backlogs;
  readonly metrics: FlowMetrics;
  readonly log: ThrottledLog;
}

/** A client asks to join a namespace: called before Socket.IO looks at it. */
export type OnJoin = (conn: Connection, namespace: string) => void;

/** Reads and writes no more than a connection may have, on one server. */
export class ServerFlow implements DecoderListener {
  readonly pingInterval: number;
  readonly longestWait: number;
  private readonly maxMessageSize: number;

  constructor(
    private readonly server: Server,
    private readonly common: CommonFlow,
    private readonly onJoin: OnJoin,
  ) {
    const { maxHttpBufferSize, pingInterval, pingTimeout } = server.engine.opts;
    this.maxMessageSize = maxHttpBufferSize!;
    this.pingInterval = pingInterval!;
    this.longestWait = Math.max(1, Math.min(1_000, pingTimeout! / 2));
  }

  get turns(): ReadTurns {
    return this.common.turns;
  }

  get limits(): ResolvedLimits {
    return this.common.limits;
  }

  get backlogs(): Backlogs {
    return this.common.backlogs;
  }

  /** Takes on all connections that are still to come. */
  install(): void {
    const { server, backlogs } = this;
    const { engine } = server;
    paceWebSockets(engine, {
      newGate: () => new ReadGate(this.turns, this.limits, UNCONNECTED),
      onTooLarge: (size) => this.onTooLarge(size),
      tooLarge: `A message may have ${this.maxMessageSize} bytes`,
    });
    pacePosts(engine, this.maxMessageSize, (size) => this.onTooLarge(size));
    let latest: GuardedDecoder | undefined;
    // The same as the option `parser`, which a gateway's decorator may have set: this is what it has come to.
    const parser = guardParser(server._parser, this, (decoder) => {
      latest = decoder;
    });
    Object.assign(server, { _parser: parser });

    // By `this`, one function serves all connections: a closure for each would be too much.
    function onPacketCreate(this: Connection, packet: EnginePacket): void {
      backlogs.onPacket(stateOf(this)!, packet);
    }
    engine.on('connection', (conn) => {
      const { addresses } = this.common;
      const account = addresses.accountOf(conn.request);
      const state = new ConnectionState(conn, account, addresses.addressOf(conn.request), this);
      // Socket.IO's own listener, which came first, has just made the decoder.
      if (latest) latest.state = state;
      latest = undefined;
      setStateOf(conn, state);
      const { socket } = internalsOf(conn).transport;
      if (socket) (socket as unknown as PacedWebSocket).passThrough(state.gate);
      else pacePolling(conn, state.gate);
      conn.on('packetCreate', onPacketCreate);
      this.onOpen(state);
    });
    // Told before each answer to a poll.
    engine.on('headers', (_headers: object, request: EngineRequest) => this.onAnswer(request));
  }

  onBytes(state: ConnectionState, bytes: number): void {
    if (state.unfinished + bytes <= this.maxMessageSize) return;
    this.onTooLarge(state.unfinished + bytes);
    throw new Violation(
      'MESSAGE_TOO_LARGE',
      'message too large',
      `A message may have ${this.maxMessageSize} bytes, attachments included`,
    );
  }

  onPacket(state: ConnectionState, packet: DecodedPacket, bytes: number): void {
    packet.bytes = state.unfinished + bytes;
    state.unfinished = 0;
    if (!isName(packet)) throw UNDECODABLE;
    const { maxNesting } = this.common.options;
    if (isNestedDeeper(packet.data, maxNesting)) {
      throw new Violation(
        'MESSAGE_TOO_DEEP',
        'message too deep',
        `A message may be nested ${maxNesting} levels deep`,
        packet,
      );
    }
    if (packet.type === PacketType.CONNECT) {
      state.gate.charge(COST_OF_JOIN - 1);
      this.onJoin(state.conn, packet.nsp);
    }
    // What comes behind may be to join again, which Socket.IO takes for an error in the same turn.
    if (packet.type === PacketType.DISCONNECT) state.gate.endTurn();
  }

  onUnfinished(state: ConnectionState, bytes: number): void {
    state.unfinished += bytes;
    this.backlogs.onRead(state, bytes);
  }

  onFailure(state: ConnectionState, error: unknown): void {
    this.disconnect(state, error instanceof Violation ? error : UNDECODABLE);
  }

  onEnd(state: ConnectionState): void {
    if (state.hasEnded) return;
    state.hasEnded = true;
    const { conn } = state;
    if (conn.readyState === 'closed') this.onClosed(state);
    else conn.once('close', () => this.onClosed(state));
  }

  /** A connection has sent faster than it may. */
  onOverRate({ address }: ConnectionState): void {
    this.common.metrics.onOverRate();
    this.common.log.warn(
      'READ_LATER',
      () => `A client at ${address} sends faster than limits.messageRate or limits.byteRate: it is read later`,
    );
  }

  onWithinRate(): void {
    this.common.metrics.onWithinRate();
  }

  onOverRateForTooLong(state: ConnectionState): void {
    const { maxTimeOverRate } = this.limits;
    this.disconnect(
      state,
      new Violation(
        'OVER_RATE',
        'over rate',
        `It has sent faster than it may for longer than ${maxTimeOverRate} ms (limits.maxTimeOverRate)`,
      ),
    );
  }

  /** Of a client that does not read. */
  cutOff(state: ConnectionState, excess: Excess): void {
    const { maxBufferedBytes, stallTimeout, maxTotalBufferedBytes } = this.common.options;
    this.logDisconnect(
      state,
      `SLOW_CONSUMER ${excess}`,
      excess === 'stalled'
        ? `It has taken nothing for ${stallTimeout} ms (stallTimeout) of the more than ${maxBufferedBytes} bytes ` +
            '(maxBufferedBytes) that waited for it'
        : `More than ${maxTotalBufferedBytes} bytes (maxTotalBufferedBytes) are kept for all clients together`,
    );
    this.common.metrics.onSlowConsumer();
    cutOff(state.conn, 'slow consumer');
    for (const tcp of state.answeredBy ?? []) if (tcp.writableLength > 0) tcp.destroy();
  }

  private onOpen(state: ConnectionState): void {
    const oneTooMany = this.common.connections.open(state.account, state.conn.request);
    if (oneTooMany)
      this.disconnect(state, new Violation(oneTooMany.code, 'too many connections', oneTooMany.message));
  }

  private onClosed(state: ConnectionState): void {
    const { account, conn, gate } = state;
    // What is still under way is not dealt with any more; the goodbye may be behind it.
    if (gate.isPaused) {
      const { socket } = internalsOf(conn).transport;
      setTimeout(() => socket?.terminate(), FAREWELL).unref();
    }
    gate.close();
    this.backlogs.forget(state);
    releaseTransport(conn);
    this.common.connections.close(account);
  }

  private onAnswer({ method, socket, _query }: EngineRequest): void {
    const conn = method === 'GET' ? connectionOf(this.server.engine, _query.sid) : undefined;
    const state = conn && stateOf(conn);
    if (!state) return;
    state.answeredBy ??= [];
    if (!state.answeredBy.includes(socket)) state.answeredBy.push(socket);
  }

  private onTooLarge(size: number | undefined): void {
    this.common.log.warn(
      'MESSAGE_TOO_LARGE',
      () =>
        `A client has sent a message${size === undefined ? '' : ` of ${size} bytes`} that is larger than ` +
        `maxHttpBufferSize (${this.maxMessageSize} bytes) and is refused`,
    );
  }

  private disconnect(state: ConnectionState, violation: Violation): void {
    const { conn } = state;
    if (conn.readyState === 'closed') return;
    this.logDisconnect(state, violation.code, violation.message);
    sayWhy(this.server, conn, violation);
    const { socket } = internalsOf(conn).transport;
    dismiss(conn, violation.reason);
    if (socket) setTimeout(() => socket.terminate(), FAREWELL).unref();
  }

  private logDisconnect({ address }: ConnectionState, kind: string, message: string): void {
    this.common.log.warn(kind, () => `Disconnected a client at ${address}: ${message}`);
  }
}

/** Of a WebSocket that no connection has taken on: nobody needs to know. */
const UNCONNECTED = {
  longestWait: 1_000,
  onPause: ignore,
  onPaused: ignore,
  onOverRate: ignore,
  onResume: ignore,
  onOverRateForTooLong: ignore,
};

function ignore(): void {}

/** Socket.IO's own parser lets no other pass as the name of an event; others do. */
function isName({ type, data }: DecodedPacket): boolean {
  if (type !== PacketType.EVENT && type !== PacketType.BINARY_EVENT) return true;
  const name: unknown = Array.isArray(data) ? data[0] : undefined;
  return typeof name === 'string' || typeof name === 'number';
}

const UNDECODABLE = new Violation('PARSE_ERROR', 'parse error', 'A packet cannot be decoded');
