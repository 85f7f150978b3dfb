import type { TokenBucket } from 'limiter';
import { RATE_LIMITED } from '../dispatch/error-answer.js';
import type { MessageRates, Rate, ResolvedLimits } from '../limits/limits.options.js';
import { fullBucket } from '../limits/token-bucket.js';
import type { BoundedConnection } from './bounded-connection.js';
import { PacketType } from './packet.js';
import type { DecodedPacket } from './packet.js';
import { Violation } from './violation.js';

/** Joining a namespace has middlewares run, and makes a socket. */
const COST_OF_JOIN = 20;
/**
 * So many namespaces a connection joins for nothing; `connectRate` bounds them. `socket.io-client` does not ask again for
 * a namespace that it was refused, so that one who comes back, when all do, must not be refused the app's few.
 */
const FREE_JOINS = 10;
/** Of answers that the server has asked for, and of what is no message at all, such as a heartbeat. */
const COST_OF_LITTLE = 0.25;
/** So many bytes of a message cost as much as a small one does. */
const BYTES_OF_ONE = 4_096;
/** So many tokens are taken at a time, at most: looking into three buckets costs more than it takes to decode a message. */
const ADVANCE = 10;

/** Takes from what a connection, its address and all clients together may send. */
export class MessageRate {
  private readonly inAll: TokenBucket | undefined;
  /** What nothing costs more than, so that it can be paid where a burst is small. */
  private readonly highestCost: number;
  private readonly advance: number;
  /** So much more may a connection send, to be refused, before it is closed. */
  private readonly refusable: Rate;

  /** @returns undefined where nothing is limited */
  static of(limits: ResolvedLimits | undefined): MessageRate | undefined {
    const { perConnection, perAddress, inAll }: Partial<ResolvedLimits['messageRate']> =
      limits?.messageRate ?? {};
    const closest = perConnection ?? perAddress ?? inAll;
    return closest && new MessageRate({ perConnection, perAddress, inAll }, closest);
  }

  private constructor(
    private readonly rates: { [scope in keyof MessageRates]: Rate | undefined },
    closest: Rate,
  ) {
    this.inAll = rates.inAll && fullBucket(rates.inAll);
    const smallest = Math.min(...Object.values(rates).flatMap((rate) => rate?.burst ?? []));
    this.highestCost = smallest;
    this.advance = Math.min(ADVANCE, Math.ceil(smallest / 20));
    this.refusable = {
      burst: Math.ceil(closest.burst / 4),
      perSecond: Math.ceil(closest.perSecond / 10),
    };
  }

  /**
   * Counts a message. An event that is one too many is marked.
   *
   * @throws Violation when the client does not stop, or cannot be let in
   */
  onPacket(connection: BoundedConnection, packet: DecodedPacket): void {
    const { type } = packet;
    if (type === PacketType.CONNECT && takeFreeJoin(connection)) return;
    const cost = Math.min(costOf(packet), this.highestCost);
    if (this.take(connection, cost)) return;
    if (type === PacketType.CONNECT || !this.takeRefusal(connection, cost)) throw tooFast(packet);
    if (type === PacketType.EVENT || type === PacketType.BINARY_EVENT) packet.overLimit = true;
  }

  /** Counts what is no message. @throws Violation when there is too much of it */
  onControl(connection: BoundedConnection): void {
    if (!this.take(connection, COST_OF_LITTLE) && !this.takeRefusal(connection, COST_OF_LITTLE))
      throw tooFast();
  }

  private take(connection: BoundedConnection, cost: number): boolean {
    if (connection.advance >= cost) {
      connection.advance -= cost;
      return true;
    }
    const bucket = (connection.messages ??= this.open(connection));
    if (!bucket) return true;
    if (cost < this.advance && bucket.tryRemoveTokens(this.advance)) {
      connection.advance += this.advance - cost;
      return true;
    }
    return bucket.tryRemoveTokens(cost);
  }

  private takeRefusal(connection: BoundedConnection, cost: number): boolean {
    connection.refusals ??= fullBucket(this.refusable);
    return connection.refusals.tryRemoveTokens(Math.min(cost, this.refusable.burst));
  }

  private open(connection: BoundedConnection): TokenBucket | undefined {
    const ofAddress = this.ofAddress(connection);
    return this.rates.perConnection ? fullBucket(this.rates.perConnection, ofAddress) : ofAddress;
  }

  private ofAddress({ account }: BoundedConnection): TokenBucket | undefined {
    if (!this.rates.perAddress || !account) return this.inAll;
    return (account.messages ??= fullBucket(this.rates.perAddress, this.inAll));
  }
}

function costOf({ type, bytes = 0 }: DecodedPacket): number {
  if (type === PacketType.CONNECT) return COST_OF_JOIN;
  const isAck = type === PacketType.ACK || type === PacketType.BINARY_ACK;
  return (isAck ? COST_OF_LITTLE : 1) + Math.floor(bytes / BYTES_OF_ONE);
}

function takeFreeJoin(connection: BoundedConnection): boolean {
  if (connection.freeJoins === FREE_JOINS) return false;
  connection.freeJoins += 1;
  return true;
}

function tooFast(packet?: DecodedPacket): Violation {
  return new Violation(RATE_LIMITED.code, 'rate limited', RATE_LIMITED.message, packet, true);
}
