import { Writable } from 'node:stream';
import { takeLine } from './log-capture.js';

/**
 * A stream for loggers that are not Nest's, such as winston and bunyan; what pino writes is known without it. What they
 * write to it, a line of JSON for each entry, is in `app.logs` as what Nest's `Logger` is given: `toHaveLogged` sees it, and
 * `errorLogs`. Fields other than message, context and stack are `params`; a line that is no JSON is a message.
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
