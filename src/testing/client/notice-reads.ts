import { inspect } from 'node:util';

/**
 * Calls `onRead` when the returned value is first read. For a plain object that is not empty, it returns a copy with
 * accessors. For any other value, it calls `onRead` at once.
 */
export function noticeReads(value: unknown, onRead: () => void): unknown {
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype ||
    Object.keys(value).length === 0
  ) {
    onRead();
    return value;
  }
  const copy = {};
  const read = (): object => {
    onRead();
    Reflect.deleteProperty(copy, inspect.custom);
    return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(value));
  };
  for (const name of Object.keys(value)) {
    Object.defineProperty(copy, name, {
      configurable: true,
      enumerable: true,
      get: () => Reflect.get(read(), name) as unknown,
      set: (other: unknown) => {
        Reflect.set(read(), name, other);
      },
    });
  }
  return Object.defineProperty(copy, inspect.custom, { configurable: true, value: read });
}
