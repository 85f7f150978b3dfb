import { Writable } from 'node:stream';
import { takeLine } from './log-capture.js';

/**
 * A stream for loggers that are not Nest's, such as winston and bunyan. pino needs no stream. A logger writes a line of
 * JSON to it for each entry, and `app.logs` has the entry as if Nest's `Logger` had got it: `toHaveLogged` and
 * `errorLogs` see it. Fields other than message, context, stack and standard ones such as `time` are `params`. A line
 * that is not JSON is a message.
 *
 * @example
 * ```ts
 * const transports = [new winston.transports.Stream({ stream: logStream() })];
 * ```
 */
export function logStream(): Writable {
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') takeLine(line);
      done();
    },
  });
}
