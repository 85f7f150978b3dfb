import { connect, type Socket } from 'node:net';
import type { Target } from './connection.js';

const END_OF_HEAD = '\r\n\r\n';

/** One TCP connection that is kept alive, for requests one after the other: as little of HTTP as polling needs. */
export class HttpLine {
  private readonly socket: Socket;
  private received = '';
  private waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  constructor({ port, localAddress }: Pick<Target, 'port' | 'localAddress'>) {
    this.socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => this.read(text));
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('The server has closed a connection.')));
  }

  /** @returns the body of the answer */
  request(method: 'GET' | 'POST', path: string, body = ''): Promise<string> {
    const type = body === '' ? '' : `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n`;
    const answer = new Promise<string>((resolve, reject) => (this.waiting = { resolve, reject }));
    this.socket.write(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\n${body}`);
    return answer;
  }

  /** Without the handshake of TCP, after which the system would remember the connection for minutes. */
  close(): void {
    this.waiting = undefined;
    this.socket.resetAndDestroy();
  }

  private read(text: string): void {
    this.received += text;
    const head = this.received.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const [, length] = /content-length: (\d+)/i.exec(this.received) ?? [];
    const end = head + END_OF_HEAD.length + Number(length);
    if (this.received.length < end) return;
    const answer = this.received;
    this.received = answer.slice(end);
    if (!answer.startsWith('HTTP/1.1 200'))
      this.fail(new Error(`Expected the status 200, got ${answer.slice(0, end)}`));
    else this.waiting?.resolve(answer.slice(head + END_OF_HEAD.length, end));
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
}
