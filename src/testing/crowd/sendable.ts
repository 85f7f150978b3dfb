import { serialize } from 'node:v8';
import { format } from '../report/format.js';

/** @throws TypeError when something of these values cannot be sent to the process of a crowd */
export function sendable<T extends object>(values: T, what: (name: string) => string): T {
  for (const [name, value] of Object.entries(values)) {
    try {
      serialize(value);
    } catch (cause) {
      throw new TypeError(
        `A crowd is in another process, to which ${what(name)} cannot be sent: ${format(value)}. Use connect() for it.`,
        { cause },
      );
    }
  }
  return values;
}
