import type { Addresses } from '../limits/addresses.js';
import type { ConnectionLimits } from '../limits/connection-limits.js';
import type { Server } from '../socket.io.js';
import type { ThrottledLog } from '../throttled-log.js';
import { BoundedConnection, boundedOf, setBounded } from './bounded-connection.js';
import { boundParser } from './bounded-parser.js';
import type { BoundedDecoder, DecoderListener } from './bounded-parser.js';
import { boundWebSockets } from './bounded-websocket.js';
import type { ResolvedBoundsOptions } from './bounds.options.js';
import { DueQueue } from './due-queue.js';
import { abort, dismiss, isReady, releaseTransport, stopSending } from './engine-connection.js';
import type { Connection, EnginePacket } from '../engine-internals.js';
import { sayWhy } from './last-words.js';
import { PacketType } from './packet.js';
import type { DecodedPacket } from './packet.js';
import type { MessageRate } from './message-rate.js';
import { isNestedDeeper } from './nesting.js';
import { SlowConsumers } from './slow-consumers.js';
import type { UnreadAnswers } from './unread-answers.js';
import { UnfinishedPackets } from './unfinished-packets.js';
import { Violation } from './violation.js';

/** How long a client has to take in why it is disconnected, in milliseconds. */
const FAREWELL = 1_000;

/** What the bounds of all servers have in common. */
export interface CommonBounds {
  readonly options: ResolvedBoundsOptions;
  /** What is counted by address; none where nothing is limited. */
  readonly counts: { readonly addresses: Addresses; readonly connections: ConnectionLimits } | undefined;
  /** None where nothing is limited. */
  readonly rate: MessageRate | undefined;
  readonly log: ThrottledLog;
}

/** Bounds what each connection of one server may cost. */
export class ServerBounds implements DecoderListener {
  private readonly unfinished: UnfinishedPackets;
  private readonly slow: SlowConsumers;
  private readonly closing: DueQueue<BoundedConnection>;
  private readonly unread: DueQueue<UnreadAnswers>;
  private readonly dismissed = new DueQueue<() => void>(FAREWELL, (terminate) => terminate());

  constructor(
    private readonly server: Server,
    private readonly common: CommonBounds,
  ) {
    const { maxBufferedBytes, packetTimeout } = common.options;
    const { maxHttpBufferSize } = server.engine.opts;
    this.unfinished = new UnfinishedPackets(maxHttpBufferSize!, packetTimeout, (connection, violation) =>
      this.disconnect(connection, violation),
    );
    this.slow = new SlowConsumers(maxBufferedBytes, (connection) => this.disconnectSlow(connection));
    this.unread = new DueQueue(packetTimeout, (unread) => unread.destroy());
    this.closing = new DueQueue(packetTimeout, ({ conn }) => {
      if (conn.readyState === 'closing') abort(conn, 'forced close');
    });
  }

  /** Bounds all connections that are still to come. */
  install(): void {
    const { server, slow } = this;
    boundWebSockets(server.engine, () => {
      this.common.log.warn(
        'PING_FLOOD',
        () => 'Disconnected a client: it sent more pings than there is a use for',
      );
    });
    let latest: BoundedDecoder | undefined;
    // The same as the option `parser`, which a gateway's decorator may have set: this is what it has come to.
    const parser = boundParser(server._parser, this, (decoder) => {
      latest = decoder;
    });
    Object.assign(server, { _parser: parser });

    const onControl = (connection: BoundedConnection): void => this.onControl(connection);
    // By `this`, one function serves all connections: a closure for each would be too much.
    function onPacket(this: Connection, { type }: EnginePacket): void {
      if (type !== 'message') onControl(boundedOf(this)!);
    }
    function onPacketCreate(this: Connection, packet: EnginePacket): void {
      if (!isReady(this)) slow.onPacket(boundedOf(this)!, packet);
    }

    server.engine.on('connection', (conn) => {
      const connection = new BoundedConnection(conn, this.common.counts?.addresses.accountOf(conn.request));
      // Socket.IO's own listener, which came first, has just made the decoder.
      if (latest) latest.connection = connection;
      latest = undefined;
      setBounded(connection);
      if (this.common.rate) conn.on('packet', onPacket);
      conn.on('packetCreate', onPacketCreate);
      this.onOpen(connection);
    });
  }

  onBytes(connection: BoundedConnection, bytes: number): void {
    this.unfinished.check(connection, bytes);
  }

  onPacket(connection: BoundedConnection, packet: DecodedPacket, bytes: number): void {
    packet.bytes = connection.unfinished + bytes;
    this.unfinished.end(connection);
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
    this.common.rate?.onPacket(connection, packet);
  }

  onUnfinished(connection: BoundedConnection, bytes: number): void {
    this.unfinished.grow(connection, bytes);
  }

  onFailure(connection: BoundedConnection, error: unknown): void {
    this.disconnect(connection, error instanceof Violation ? error : UNDECODABLE);
  }

  onAppFailure(connection: BoundedConnection): void {
    this.closing.add(connection);
  }

  onEnd(connection: BoundedConnection): void {
    if (connection.hasEnded) return;
    connection.hasEnded = true;
    const { conn } = connection;
    this.unfinished.end(connection);
    this.slow.forget(connection);
    if (conn.readyState === 'closed') {
      this.onClosed(connection);
      return;
    }
    this.closing.add(connection);
    conn.once('close', () => this.onClosed(connection));
  }

  private onOpen(connection: BoundedConnection): void {
    const { account } = connection;
    const oneTooMany = account && this.common.counts?.connections.open(account);
    if (oneTooMany)
      this.disconnect(connection, new Violation(oneTooMany.code, 'too many connections', oneTooMany.message));
  }

  private onClosed(connection: BoundedConnection): void {
    const { account, conn } = connection;
    this.closing.delete(connection);
    if (connection.unread) this.unread.add(connection.unread);
    releaseTransport(conn);
    if (account) this.common.counts?.connections.close(account);
  }

  private onControl(connection: BoundedConnection): void {
    try {
      this.common.rate?.onControl(connection);
    } catch (error) {
      this.onFailure(connection, error);
    }
  }

  private disconnect(connection: BoundedConnection, violation: Violation): void {
    const { conn } = connection;
    if (conn.readyState === 'closed') return;
    this.log(connection, violation.code, violation.message);
    sayWhy(this.server, conn, violation);
    const terminate = dismiss(conn, violation);
    if (terminate) this.dismissed.add(terminate);
  }

  /** What is emitted next is not kept; the app hears of the end when it is through with what it emits. */
  private disconnectSlow(connection: BoundedConnection): void {
    const { conn } = connection;
    this.log(
      connection,
      'SLOW_CONSUMER',
      `More than ${this.common.options.maxBufferedBytes} bytes waited for it`,
    );
    stopSending(conn);
    process.nextTick(() => {
      abort(conn, 'slow consumer');
      connection.unread?.destroy();
    });
  }

  private log({ account, conn }: BoundedConnection, code: string, message: string): void {
    this.common.log.warn(
      code,
      () => `Disconnected a client at ${account?.address ?? conn.remoteAddress}: ${message}`,
    );
  }
}

/** Socket.IO's own parser lets no other pass as the name of an event; others do. */
function isName({ type, data }: DecodedPacket): boolean {
  if (type !== PacketType.EVENT && type !== PacketType.BINARY_EVENT) return true;
  const name: unknown = Array.isArray(data) ? data[0] : undefined;
  return typeof name === 'string' || typeof name === 'number';
}

const UNDECODABLE = new Violation('PARSE_ERROR', 'parse error', 'A packet cannot be decoded');
