import { Agent, request, type ClientRequest } from 'node:http';
import { encodeFrame } from '../inputs/frames.js';
import type { Ending, Link, OnPacket, Packet } from './link.js';

/** What is between the packets of one payload. */
const SEPARATOR = '\u001e';

/** Polling: one request waits for what the server sends, another one brings what the client sends. */
export class PollingLink implements Link {
  readonly closed: Promise<void>;
  isOpen = true;
  private close!: () => void;
  private poll: ClientRequest | undefined;
  /** Posts come one after the other. */
  private posted: Promise<void> = Promise.resolve();

  private constructor(
    private readonly agent: Agent,
    private readonly url: URL,
    private readonly onPacket: OnPacket,
  ) {
    this.closed = new Promise((resolve) => {
      this.close = () => {
        this.isOpen = false;
        agent.destroy();
        resolve();
      };
    });
  }

  static async open(base: URL, onPacket: OnPacket): Promise<PollingLink> {
    const agent = new Agent({ keepAlive: true });
    const url = new URL('/socket.io/?EIO=4&transport=polling', base);
    const { status, body } = await new Promise<Answer>((resolve) => exchange({ agent, url, method: 'GET' }, resolve));
    if (status !== 200) throw new Error(`A handshake was refused: ${status} ${body}`);
    url.searchParams.set('sid', (JSON.parse(body.slice(1)) as { sid: string }).sid);
    const link = new PollingLink(agent, url, onPacket);
    link.next();
    return link;
  }

  send(...packets: readonly Packet[]): void {
    this.post(
      packets.map((packet) => (typeof packet === 'string' ? packet : `b${packet.toString('base64')}`)).join(SEPARATOR),
    );
  }

  breakBy(step: Parameters<Link['breakBy']>[0]): void {
    if (step.do === 'break by bytes') this.post(Buffer.from(step.bytes), 'application/octet-stream');
    else
      this.post(
        Buffer.concat([encodeFrame(step.frame), Buffer.from(SEPARATOR), Buffer.alloc(step.frame.opcode, SEPARATOR)]),
      );
  }

  end(how: Ending): void {
    if (how === 'goodbye') this.send('1');
    else if (how === 'reset') this.poll?.socket?.resetAndDestroy();
    void this.posted.then(() => this.close());
  }

  private post(body: string | Buffer, type = 'text/plain;charset=UTF-8'): void {
    this.posted = this.postAfter(this.posted, body, type);
  }

  private async postAfter(earlier: Promise<void>, body: string | Buffer, type: string): Promise<void> {
    await earlier;
    if (!this.isOpen) return;
    const { status } = await new Promise<Answer>((resolve) =>
      exchange({ agent: this.agent, url: this.url, method: 'POST', type, body }, resolve),
    );
    if (status !== 200) this.close();
  }

  private next(): void {
    this.poll = exchange({ agent: this.agent, url: this.url, method: 'GET' }, ({ status, body }) => {
      if (status !== 200) {
        this.close();
        return;
      }
      for (const packet of body.split(SEPARATOR)) {
        if (packet === '1') this.close();
        else this.onPacket(packet.startsWith('b') ? Buffer.from(packet.slice(1), 'base64') : packet);
      }
      if (this.isOpen) this.next();
    });
  }
}

interface Answer {
  /** 0 where there was none. */
  readonly status: number;
  readonly body: string;
}

interface Exchange {
  readonly agent: Agent;
  readonly url: URL;
  readonly method: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}

function exchange({ agent, url, method, type, body = '' }: Exchange, done: (answer: Answer) => void): ClientRequest {
  const headers = { ...(type && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }) };
  const sent = request(url, { agent, method, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (text += chunk));
    response.once('close', () => done({ status: response.complete ? response.statusCode! : 0, body: text }));
  });
  sent.on('error', () => done({ status: 0, body: '' }));
  sent.end(body);
  return sent;
}
