import { setTimeout } from 'node:timers';
import { coalesceWrites } from '../socket-io/coalesced-writes.js';
import { joinFrame } from '../socket-io/websocket-frame.js';
import { connectionOf, releaseTransport, requeue, tcpOf, transportOf } from '../socket-io/engine-internals.js';
import type { Connection, EnginePacket, EngineRequest } from '../socket-io/engine-internals.js';
import { emitErrors, leaveBeforeJoin } from '../socket-io/pending-joins.js';
import { replaceParser } from '../socket-io/socket-internals.js';
import type { Server } from '../socket-io/socket.io.js';
import { sizeOf } from './backlogs.js';
import { ConnectionFlow, flowOf } from './connection-flow.js';
import { dismiss, terminateSoon } from './disconnect.js';
import type { Flow } from './shared-flow.js';
import { guardParser } from './guarded-parser.js';
import { pacePackets, paceRequests } from './paced-polling.js';
import { paceWebSockets, type PacedWebSocket } from './paced-websocket.js';
import { inTransport } from './transport.js';
import { isNestedDeeper, Violation } from './violation.js';
import { type DecodedPacket, PacketType } from '../socket-io/packet.js';

/** How long a probe's answer may take to the client. If its poll ended sooner, it would poll again. In milliseconds. */
const TIME_FOR_PROBE = 10;

/** The maximum size of an answer to a poll, in bytes. A larger packet is sent alone. */
const LARGEST_ANSWER = 2_000_000;

/** Joining a namespace runs middlewares and creates a socket, so it counts as this many messages. */
const COST_OF_JOIN = 20;

/** Limits what is read from and written to each connection of one server. */
export class ServerFlow {
  readonly pingInterval: number;
  /** The longest time until a connection that is not read is checked again, in milliseconds. */
  readonly longestWait: number;
  readonly maxMessageSize: number;

  constructor(
    private readonly server: Server,
    readonly common: Flow,
  ) {
    const { maxHttpBufferSize, pingInterval, pingTimeout } = server.engine.opts;
    this.maxMessageSize = maxHttpBufferSize!;
    this.pingInterval = pingInterval!;
    this.longestWait = Math.max(1, Math.min(1_000, pingTimeout! / 2));
  }

  /** Applies the limits to all future connections. */
  install(): void {
    const { server, maxMessageSize } = this;
    const { addresses, connections, backlogs } = this.common;
    const { engine } = server;
    paceWebSockets(engine, `A message may have ${maxMessageSize} bytes`, this.onTooLarge);
    paceRequests(engine, maxMessageSize, this.onTooLarge);
    let latest: { flow: ConnectionFlow } | undefined;
    // A gateway's decorator may have set the option `parser`, so the parser in use is wrapped instead.
    replaceParser(server, (parser) => guardParser(parser, (decoder) => (latest = decoder)));

    // With `this`, one function serves all connections. A closure for each would take too much memory.
    function onPacketCreate(this: Connection, packet: EnginePacket): void {
      joinFrame(packet);
      backlogs.onPacket(this, packet);
    }
    engine.on('connection', (conn) => {
      const { request } = conn;
      const flow = new ConnectionFlow(conn, addresses.accountOf(request), addresses.addressOf(request), this);
      // Socket.IO's own listener ran first and has just created the decoder.
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
      if (flow?.backlog) flow.backlog.given = packets;
      // `ws` makes a system call per packet. Packets wait while the first one of a turn leaves, then leave together.
      const tcp = packets.length > 1 ? tcpOf(conn) : undefined;
      if (tcp) coalesceWrites(tcp);
    });
    // Engine.IO emits this before each answer to a poll.
    engine.on('headers', (_headers: object, { method, socket, _query }: EngineRequest) => {
      const flow = method === 'GET' ? flowOf(connectionOf(engine, _query.sid)) : undefined;
      if (flow && !flow.answeredBy.includes(socket)) flow.answeredBy = [...flow.answeredBy, socket];
    });
  }

  /** Called before bytes are decoded. @throws Violation if the message is too large */
  onBytes(flow: ConnectionFlow, bytes: number): void {
    if (flow.unfinished + bytes <= this.maxMessageSize) return;
    this.onTooLarge(flow.unfinished + bytes);
    const text = `A message may have ${this.maxMessageSize} bytes, attachments included`;
    throw new Violation('MESSAGE_TOO_LARGE', text);
  }

  /** Called when a packet is whole, with the size of its last part. @throws Violation to keep it from Socket.IO */
  onPacket(flow: ConnectionFlow, packet: DecodedPacket, bytes: number): void {
    packet.bytes = flow.unfinished + bytes;
    flow.unfinished = 0;
    if (!isName(packet)) throw UNDECODABLE;
    const { maxNesting } = this.common.options;
    if (isNestedDeeper(packet.data, maxNesting))
      throw new Violation('MESSAGE_TOO_DEEP', `A message may be nested ${maxNesting} levels deep`, packet);
    if (packet.type === PacketType.CONNECT) {
      flow.charge(COST_OF_JOIN - 1);
      leaveBeforeJoin(flow.conn, packet.nsp);
    }
  }

  /** Called when bytes have begun or continued a packet that is not whole yet. */
  onUnfinished(flow: ConnectionFlow, bytes: number): void {
    flow.unfinished += bytes;
    this.common.backlogs.onRead(flow, bytes);
  }

  /** Called when the client's data could not be decoded, or was a violation. */
  onFailure(flow: ConnectionFlow, error: unknown): void {
    if (!(error instanceof Violation)) emitErrors(flow.conn, error as Error);
    this.disconnect(flow, error instanceof Violation ? error : UNDECODABLE);
  }

  /** Unsent data of a WebSocket continues to count, for 30 s at most. */
  onEnd(flow: ConnectionFlow): void {
    // Unread data is not handled anymore, and the client's close frame may be behind it.
    if (flow.isPaused) terminateSoon(flow.conn);
    flow.close();
    if (inTransport(flow) === 0) this.common.backlogs.forget(flow);
    releaseTransport(flow.conn);
    this.common.connections.close(flow.account);
  }

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

/** Splits packets that are too large for one answer to a poll. The stall check then sees each step as progress. */
function keepBack(conn: Connection, packets: EnginePacket[]): void {
  if (conn.transport.name !== 'polling' || conn.readyState !== 'open') return;
  let bytes = 0;
  const end = packets.findIndex((packet, index) => (bytes += sizeOf(packet)) > LARGEST_ANSWER && index > 0);
  if (end === -1) return;
  const rest = packets.splice(end);
  // This runs before other listeners, which may send more or end the connection.
  conn.prependOnceListener('drain', () => requeue(conn, rest));
}

/**
 * Called when the client has probed the WebSocket of its upgrade. It upgrades when none of its polls is pending.
 * Engine.IO itself answers a pending poll only after 100 ms.
 */
function endPolls(this: Connection): void {
  const endPollSoon = (): void => void setTimeout(endPoll, TIME_FOR_PROBE, this).unref();
  endPollSoon();
  // The client may poll again before it gets the probe's answer.
  this.transport.once('ready', endPollSoon);
}

function endPoll({ transport }: Connection): void {
  if (transport.name === 'polling' && transport.writable) transport.send([{ type: 'noop' }]);
}

/** Socket.IO's own parser accepts only these event names; custom parsers may accept others. */
function isName({ type, data }: DecodedPacket): boolean {
  if (type !== PacketType.EVENT && type !== PacketType.BINARY_EVENT) return true;
  return Array.isArray(data) && ['string', 'number'].includes(typeof data[0]);
}

const UNDECODABLE = new Violation('PARSE_ERROR', 'A packet cannot be decoded');
