import { deserialize, serialize } from 'node:v8';
import { decode, encode } from '../model/encoded.js';
import { format } from '../report/format.js';

type Copy = <T extends object>(values: T) => T;

/** As another process gets it. */
export const asCloned: Copy = (values) => deserialize(serialize(values)) as typeof values;

/** As a client sends it: with `toJSON`, and without the functions in it. */
export const asSent: Copy = (values) => {
  if (Object.values(values).some((value) => typeof value === 'function')) throw new TypeError('It is a function.');
  return decode(encode(values)) as typeof values;
};

/**
 * Copies values for the process of a crowd.
 *
 * @throws TypeError that names a value that cannot be copied
 */
export function sendable<T extends object>(values: T, copy: Copy, what: (name: string) => string): T {
  for (const [name, value] of Object.entries(values)) {
    try {
      copy([value]);
    } catch (cause) {
      throw new TypeError(
        `A crowd is in another process, to which ${what(name)} cannot be sent: ${format(value)}. Use connect() for it.`,
        { cause },
      );
    }
  }
  return copy(values);
}
