import type { Wire } from '../contestants/contestants.js';
import { Connection, type Target } from './connection.js';
import { PollingSession } from './polling-session.js';
import { dialects } from './wires.js';
import { within } from './within.js';

const OPENED_AT_ONCE = 64;
/**
 * Engine.IO lets an upgrade wait for up to 100 ms: with fewer at once the server would have nothing to do meanwhile. With
 * more, Node's backlog of 511 connections is full, and the system tries those beyond it again a second later.
 */
const UPGRADED_AT_ONCE = 256;
const ADDRESSES_PER_NET = 250;

export interface Origin {
  /** Of the processes that are one app; each has its turn. */
  ports: readonly number[];
  wire: Wire;
  /** From how many addresses of 127.0.0.0/8 the connections come, by turns; only Linux has more than one. */
  addresses: number;
}

/** The connections to one contestant. */
export class Connections {
  readonly open: Connection[] = [];
  readonly polling: PollingSession[] = [];
  private begun = 0;

  constructor(private readonly origin: Origin) {}

  /** Opens connections, many at once, for as long as more are wanted. */
  async join(areMoreWanted: (begun: number) => boolean, byPolling = false): Promise<void> {
    let begun = 0;
    const joinInTurn = async (): Promise<void> => {
      while (areMoreWanted(begun)) {
        begun += 1;
        const target = this.nextTarget();
        this.open.push(await (byPolling ? Connection.openByPolling(target) : Connection.open(target)));
      }
    };
    const joining = Promise.all(Array.from({ length: byPolling ? UPGRADED_AT_ONCE : OPENED_AT_ONCE }, joinInTurn));
    await within(60_000, 'connections to open', joining);
  }

  /** Closes them all. */
  async leave(): Promise<void> {
    const leaving = Promise.all(this.open.splice(0).map((connection) => connection.leave()));
    await within(30_000, 'the server to close connections', leaving);
  }

  /** Opens sessions that poll, and stay so. */
  async poll(size: number): Promise<void> {
    while (this.polling.length < size)
      this.polling.push(await PollingSession.open(this.nextTarget(), dialects[this.origin.wire]));
  }

  private nextTarget(): Target {
    const { ports, wire, addresses } = this.origin;
    const address = this.begun % addresses;
    this.begun += 1;
    const [net, host] = [Math.floor(address / ADDRESSES_PER_NET), 2 + (address % ADDRESSES_PER_NET)];
    return {
      port: ports[this.begun % ports.length]!,
      wire,
      localAddress: addresses > 1 ? `127.0.${net}.${host}` : undefined,
    };
  }
}
