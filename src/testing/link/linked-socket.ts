import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Stream } from '../timeline/kinds/faults.js';
import { Channel } from './channel.js';
import type { StreamFaults } from './stream-faults.js';

type Done = (error?: Error | null) => void;

/**
 * A client's end of a connection. It owns the real TCP socket, and what passes between the two goes through the channels
 * of the link. So a client may give up while the server still has a connection that says nothing.
 */
export class LinkedSocket extends Duplex {
  private readonly upstream: Channel;
  private readonly downstream: Channel;
  /** Called when the client reads again. */
  private readAgain: (() => void) | undefined;
  /** Whether the real socket is closed. */
  private isClosed = false;

  constructor(
    private readonly real: Socket,
    faults: Readonly<Record<Stream, StreamFaults>>,
    /** Whether it is a request by which a client polls. */
    private readonly isPoll: boolean,
    /** Called when neither end uses the connection any more. */
    onOver: () => void,
  ) {
    super({ allowHalfOpen: false });
    this.upstream = new Channel(faults.upstream, (bytes, done) => real.write(bytes, done));
    this.downstream = new Channel(faults.downstream, (bytes, done) => {
      if (this.destroyed || this.push(bytes)) done();
      else this.readAgain = done;
    });
    real.on('timeout', () => this.emit('timeout'));
    real.on('data', (bytes: Buffer) => this.onData(bytes));
    real.on('end', () => this.tell(() => this.push(null)));
    real.on('error', (error) => this.tell(() => this.destroy(error)));
    real.on('close', () => {
      this.isClosed = true;
      // After a clean end, what has arrived is still to be read.
      if (!real.readableEnded) this.tell(() => this.destroy());
    });
    for (const end of [real, this]) end.on('close', () => this.destroyed && real.destroyed && onOver());
  }

  /** Whether it is a poll that has been sent and is not answered. */
  get isPending(): boolean {
    const { connecting, bytesWritten, writableLength, bytesRead } = this.real;
    return this.isPoll && !connecting && bytesWritten > 0 && writableLength === 0 && bytesRead === 0;
  }

  /** Lets pass what the faults allow. Call it when they have changed. */
  pump(): void {
    this.upstream.pump();
    this.downstream.pump();
  }

  /** Ends the connection for both ends at once. @param error what the client gets; the server gets a TCP RST then */
  sever(error?: Error): void {
    this.upstream.drop();
    this.downstream.drop();
    if (error) this.real.resetAndDestroy();
    else this.real.destroy();
    this.destroy(error);
  }

  override _read(): void {
    const { readAgain } = this;
    this.readAgain = undefined;
    readAgain?.();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.upstream.isClear) this.real.write(bytes, done);
    else this.upstream.pass(bytes, done);
  }

  /** One write is cheaper than several, even with the copy. */
  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: Done): void {
    if (this.real.destroyed) done();
    else if (this.upstream.isClear) this.real.end(done);
    else this.upstream.pass(() => this.real.end(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    const { real } = this;
    this.downstream.drop();
    if (this.upstream.isClear && !this.isClosed) {
      real.once('close', () => done(error));
      real.destroy();
      return;
    }
    this.upstream.pass(() => real.destroy());
    done(error);
  }

  private onData(bytes: Buffer): void {
    if (this.destroyed) return;
    if (this.downstream.isClear) {
      if (this.push(bytes)) return;
      this.real.pause();
      this.readAgain = () => this.real.resume();
      return;
    }
    this.real.pause();
    this.downstream.pass(bytes, () => this.real.resume());
  }

  /** Tells the client that the server's end has ended, after all that the server sent before. */
  private tell(ending: () => void): void {
    if (this.downstream.isClear) ending();
    else this.downstream.pass(ending);
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    this.real.setTimeout(milliseconds);
    if (listener) this.once('timeout', listener);
    return this;
  }

  setNoDelay(isOn?: boolean): this {
    this.real.setNoDelay(isOn);
    return this;
  }

  setKeepAlive(isOn?: boolean, delay?: number): this {
    this.real.setKeepAlive(isOn, delay);
    return this;
  }

  ref(): this {
    this.real.ref();
    return this;
  }

  unref(): this {
    this.real.unref();
    return this;
  }
}
