import { EventEmitter } from 'node:events';

/** What Socket.IO calls a parser. By this one it takes no notice of any message, and leaves Engine.IO to the test. */
export const silentParser = {
  Encoder: class {
    encode(): string[] {
      return [];
    }
  },
  Decoder: class extends EventEmitter {
    add(): void {}
    destroy(): void {}
  },
};
