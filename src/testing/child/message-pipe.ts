import { FrameReader, frameOf } from './framing.js';

/** Carries bytes between a test and a process that it started. */
export interface BytePipe {
  write(bytes: Buffer): unknown;
  onData(listener: (bytes: Buffer) => void): void;
}

/**
 * Sends messages to another process in their order.
 *
 * @param plain replaces a message that cannot be serialized, for example because it contains a function
 */
export class MessagePipe<Incoming, Outgoing> {
  constructor(
    private readonly pipe: BytePipe,
    onMessage: (message: Incoming) => void,
    private readonly plain: (message: Outgoing) => Outgoing = (message) => message,
  ) {
    const reader = new FrameReader();
    pipe.onData((bytes) => {
      for (const message of reader.take(bytes)) onMessage(message as Incoming);
    });
  }

  send(message: Outgoing): void {
    this.pipe.write(this.bytesOf(message));
  }

  private bytesOf(message: Outgoing): Buffer {
    try {
      return frameOf(message);
    } catch {
      return frameOf(this.plain(message));
    }
  }
}
