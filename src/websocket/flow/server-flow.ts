import { setTimeout } from 'node:timers';
import { coalesceWrites, joinFrame } from '../socket-io/coalesced-writes.js';
import { connectionOf, requeue, tcpOf, transportOf } from '../socket-io/engine-internals.js';
import type { Connection, EnginePacket, EngineRequest } from '../socket-io/engine-internals.js';
import { replaceParser } from '../socket-io/socket-internals.js';
import type { Server } from '../socket-io/socket.io.js';
import { sizeOf } from './backlogs.js';
import { ConnectionFlow, flowOf } from './connection-flow.js';
import { dismiss, releaseTransport, terminateSoon } from './disconnect.js';
import type { Flow } from './flow.js';
import { guardParser } from './guarded-parser.js';
import { pacePackets, paceRequests } from './paced-polling.js';
import { paceWebSockets, type PacedWebSocket } from './paced-websocket.js';
import { inTransport } from './transport.js';
import { isNestedDeeper, Violation } from './violation.js';
import { type DecodedPacket, PacketType } from '../socket-io/packet.js';

/** How long the answer to a probe may take to the client: one whose poll is answered sooner polls again. In milliseconds. */
const TIME_FOR_PROBE = 10;

/** How much an answer to a poll holds beside its first packet, in bytes. */
const LARGEST_ANSWER = 2_000_000;

/** Joining a namespace has middlewares run, and makes a socket: it counts as so many messages. */
const COST_OF_JOIN = 20;

/** Hears of what a client sends, before anything is done about it. */
export interface PacketListener {
  /** It asks to join a namespace. */
  onJoin(conn: Connection, namespace: string): void;
  /** It has sent what cannot be decoded, and loses its connection. */
  onUndecodable(conn: Connection, error: Error): void;
}

/** Reads and writes no more than a connection may have, on one server. */
export class ServerFlow {
  readonly pingInterval: number;
  /** How long a connection that is not read may wait until it is looked at again, in milliseconds. */
  readonly longestWait: number;
  readonly maxMessageSize: number;

  constructor(
    private readonly server: Server,
    readonly common: Flow,
    private readonly listener: PacketListener,
  ) {
    const { maxHttpBufferSize, pingInterval, pingTimeout } = server.engine.opts;
    this.maxMessageSize = maxHttpBufferSize!;
    this.pingInterval = pingInterval!;
    this.longestWait = Math.max(1, Math.min(1_000, pingTimeout! / 2));
  }

  /** Takes on all connections that are still to come. */
  install(): void {
    const { server, maxMessageSize } = this;
    const { addresses, backlogs, connections } = this.common;
    const { engine } = server;
    paceWebSockets(engine, `A message may have ${maxMessageSize} bytes`, this.onTooLarge);
    paceRequests(engine, maxMessageSize, this.onTooLarge);
    let latest: { flow: ConnectionFlow } | undefined;
    // The same as the option `parser`, which a gateway's decorator may have set: this is what it has come to.
    replaceParser(server, (parser) => guardParser(parser, this, (decoder) => (latest = decoder)));

    // By `this`, one function serves all connections: a closure for each would be too much.
    function onPacketCreate(this: Connection, packet: EnginePacket): void {
      joinFrame(packet);
      backlogs.onPacket(this, packet);
    }
    engine.on('connection', (conn) => {
      const { request } = conn;
      const flow = new ConnectionFlow(conn, addresses.accountOf(request), addresses.addressOf(request), this);
      // Socket.IO's own listener, which came first, has just made the decoder.
      if (latest) latest.flow = flow;
      latest = undefined;
      conn.on('packetCreate', onPacketCreate);
      conn.on('close', onClose);
      const socket = transportOf(conn).socket as PacedWebSocket | undefined;
      if (socket) flow.readFrom(socket);
      else {
        pacePackets(flow);
        conn.on('upgrading', onUpgrading);
        conn.once('upgrading', endPolls);
      }
      const oneTooMany = connections.open(flow.account, request);
      if (oneTooMany) this.disconnect(flow, new Violation(oneTooMany.code, oneTooMany.message));
    });
    engine.on('flush', (conn: Connection, packets: EnginePacket[]) => {
      const flow = flowOf(conn);
      keepBack(conn, packets);
      if (flow) backlogs.onFlush(flow, packets);
      // `ws` makes a call for each. All that was sent while the first packet of a turn left is flushed together.
      const tcp = packets.length > 1 ? tcpOf(conn) : undefined;
      if (tcp) coalesceWrites(tcp);
    });
    // Told before each answer to a poll.
    engine.on('headers', (_headers: object, { method, socket, _query }: EngineRequest) => {
      const conn = method === 'GET' ? connectionOf(engine, _query.sid) : undefined;
      const flow = conn && flowOf(conn);
      if (flow && !flow.answeredBy.includes(socket)) flow.answeredBy = [...flow.answeredBy, socket];
    });
  }

  /** Bytes are to be decoded. @throws Violation to keep them from it */
  onBytes(flow: ConnectionFlow, bytes: number): void {
    if (flow.unfinished + bytes <= this.maxMessageSize) return;
    this.onTooLarge(flow.unfinished + bytes);
    const text = `A message may have ${this.maxMessageSize} bytes, attachments included`;
    throw new Violation('MESSAGE_TOO_LARGE', text);
  }

  /** A whole packet has come, the last of it with these bytes. @throws Violation to keep it from Socket.IO */
  onPacket(flow: ConnectionFlow, packet: DecodedPacket, bytes: number): void {
    packet.bytes = flow.unfinished + bytes;
    flow.unfinished = 0;
    if (!isName(packet)) throw UNDECODABLE;
    const { maxNesting } = this.common.options;
    if (isNestedDeeper(packet.data, maxNesting))
      throw new Violation('MESSAGE_TOO_DEEP', `A message may be nested ${maxNesting} levels deep`, packet);
    if (packet.type === PacketType.CONNECT) {
      flow.charge(COST_OF_JOIN - 1);
      this.listener.onJoin(flow.conn, packet.nsp);
    }
  }

  /** These bytes have begun or continued a packet that is not whole. */
  onUnfinished(flow: ConnectionFlow, bytes: number): void {
    flow.unfinished += bytes;
    this.common.backlogs.onRead(flow, bytes);
  }

  /** What the client has sent cannot be decoded, or was kept from it. */
  onFailure(flow: ConnectionFlow, error: unknown): void {
    if (!(error instanceof Violation)) this.listener.onUndecodable(flow.conn, error as Error);
    this.disconnect(flow, error instanceof Violation ? error : UNDECODABLE);
  }

  /** What a WebSocket still has to send, for 30 s at most, goes on to count. */
  onEnd(flow: ConnectionFlow): void {
    // What is still under way is not dealt with any more; the goodbye may be behind it.
    if (flow.isPaused) terminateSoon(flow.conn);
    flow.close();
    if (inTransport(flow) === 0) this.common.backlogs.forget(flow);
    releaseTransport(flow.conn);
    this.common.connections.close(flow.account);
  }

  /** A connection has sent faster than it may. */
  onOverRate(flow: ConnectionFlow): void {
    this.common.metrics.overRate += 1;
    this.common.metrics.overRateTotal += 1;
    this.common.log.warn(
      'READ_LATER',
      () => `A client at ${flow.address} sends faster than limits.messageRate or limits.byteRate: it is read later`,
    );
  }

  onOverRateForTooLong(flow: ConnectionFlow): void {
    const { maxTimeOverRate } = this.common.options.limits;
    const text = `It has sent faster than it may for longer than ${maxTimeOverRate} ms (limits.maxTimeOverRate)`;
    this.disconnect(flow, new Violation('OVER_RATE', text));
  }

  private readonly onTooLarge = (size: number | undefined): void => {
    this.common.log.warn(
      'MESSAGE_TOO_LARGE',
      () =>
        `A client has sent a message${size === undefined ? '' : ` of ${size} bytes`} that is larger than ` +
        `maxHttpBufferSize (${this.maxMessageSize} bytes) and is refused`,
    );
  };

  private disconnect({ conn, address }: ConnectionFlow, violation: Violation): void {
    if (conn.readyState === 'closed') return;
    this.common.log.warn(violation.code, () => `Disconnected a client at ${address}: ${violation.message}`);
    dismiss(this.server, conn, violation);
  }
}

function onClose(this: Connection): void {
  const flow = flowOf(this)!;
  flow.server.onEnd(flow);
}

function onUpgrading(this: Connection, { socket }: { socket: PacedWebSocket }): void {
  flowOf(this)!.readFrom(socket);
}

/** What is too much for one answer to a poll waits for the next one: a client takes it in steps, and is seen to. */
function keepBack(conn: Connection, packets: EnginePacket[]): void {
  if (conn.transport.name !== 'polling' || conn.readyState !== 'open') return;
  let bytes = 0;
  const end = packets.findIndex((packet, index) => (bytes += sizeOf(packet)) > LARGEST_ANSWER && index > 0);
  if (end === -1) return;
  const rest = packets.splice(end);
  // Before whoever listens sends more, or ends the connection.
  conn.prependOnceListener('drain', () => requeue(conn, rest));
}

/**
 * The WebSocket by which a client upgrades has been probed. The client upgrades when no poll of its waits any more; by
 * itself, Engine.IO answers one that waits only after 100 ms.
 */
function endPolls(this: Connection): void {
  const endPollSoon = (): void => void setTimeout(endPoll, TIME_FOR_PROBE, this).unref();
  endPollSoon();
  // It may have polled again before it knew of the probe's answer.
  this.transport.once('ready', endPollSoon);
}

function endPoll({ transport }: Connection): void {
  if (transport.name === 'polling' && transport.writable) transport.send([{ type: 'noop' }]);
}

/** Socket.IO's own parser lets no other pass as the name of an event; others do. */
function isName({ type, data }: DecodedPacket): boolean {
  if (type !== PacketType.EVENT && type !== PacketType.BINARY_EVENT) return true;
  return Array.isArray(data) && ['string', 'number'].includes(typeof data[0]);
}

const UNDECODABLE = new Violation('PARSE_ERROR', 'A packet cannot be decoded');
