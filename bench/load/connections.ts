import type { Wire } from '../contestants/contestants.js';
import { Connection } from './connection.js';
import { within } from './within.js';

const OPENED_AT_ONCE = 64;
const ADDRESSES_PER_NET = 250;

export interface Origin {
  port: number;
  wire: Wire;
  /** From how many addresses of 127.0.0.0/8 the connections come, by turns; only Linux has more than one. */
  addresses: number;
}

/** The connections to one contestant. */
export class Connections {
  readonly open: Connection[] = [];
  private begun = 0;

  constructor(private readonly origin: Origin) {}

  /** Opens connections, many at once, for as long as more are wanted. */
  async join(areMoreWanted: (begun: number) => boolean): Promise<void> {
    let begun = 0;
    const joinInTurn = async (): Promise<void> => {
      while (areMoreWanted(begun)) {
        begun += 1;
        this.open.push(await this.next());
      }
    };
    const joining = Promise.all(Array.from({ length: OPENED_AT_ONCE }, joinInTurn));
    await within(60_000, 'connections to open', joining);
  }

  /** Closes them all. */
  async leave(): Promise<void> {
    const leaving = Promise.all(this.open.splice(0).map((connection) => connection.leave()));
    await within(30_000, 'the server to close connections', leaving);
  }

  private next(): Promise<Connection> {
    const { port, wire, addresses } = this.origin;
    const address = this.begun % addresses;
    this.begun += 1;
    const [net, host] = [Math.floor(address / ADDRESSES_PER_NET), 2 + (address % ADDRESSES_PER_NET)];
    return Connection.open({ port, wire, localAddress: addresses > 1 ? `127.0.${net}.${host}` : undefined });
  }
}
