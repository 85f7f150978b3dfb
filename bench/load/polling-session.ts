import type { Target } from './connection.js';
import { HttpLine } from './http-line.js';
import type { Dialect } from './wires.js';

const PATH = '/socket.io/?EIO=4&transport=polling';
const SEPARATOR = '\x1e';

/** A client that polls: one request waits for what the server sends, another takes what the client sends. */
export class PollingSession {
  private readonly reads: HttpLine;
  private readonly writes: HttpLine;
  private path = PATH;
  /** Under which Engine.IO knows it. */
  sid = '';

  /** Opens a session, as far as the server's welcome. */
  static async open(target: Pick<Target, 'port' | 'localAddress'>, { greeting }: Dialect): Promise<PollingSession> {
    const session = new PollingSession(target);
    const [opening] = await session.poll();
    ({ sid: session.sid } = JSON.parse(opening!.slice(1)) as { sid: string });
    session.path = `${PATH}&sid=${session.sid}`;
    const [[welcome]] = await Promise.all([session.poll(), session.post([greeting!.answer])]);
    if (!welcome?.startsWith(greeting!.welcome)) throw new Error(`Expected a welcome, got ${welcome}`);
    return session;
  }

  private constructor(target: Pick<Target, 'port' | 'localAddress'>) {
    this.reads = new HttpLine(target);
    this.writes = new HttpLine(target);
  }

  async poll(): Promise<string[]> {
    return (await this.reads.request('GET', this.path)).split(SEPARATOR);
  }

  async post(packets: readonly string[]): Promise<void> {
    await this.writes.request('POST', this.path, packets.join(SEPARATOR));
  }

  /** Lets go of its TCP connections; the session itself may go on by a WebSocket. */
  close(): void {
    this.reads.close();
    this.writes.close();
  }
}
