/** Replaces a method, or another value, on this one object. @returns the function that restores it */
export function patch(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The replacement of a method. It always calls the original, observed or not. */
interface Wrapper {
  original: Method;
  /** Whether the original was inherited, so that removing the wrapper means to delete the property. */
  inherited: boolean;
  active: boolean;
}

const wrappers = new WeakMap<Method, Wrapper>();

/**
 * Wraps a method. The wrapper has the properties and the metadata of the original. Apps that share a class may wrap the
 * same prototype: the wrappers can be removed in any order, and the original remains.
 *
 * @returns the function that removes the wrapper
 */
export function wrapMethod(
  target: object,
  name: string,
  around: (args: readonly unknown[], call: () => unknown) => unknown,
): () => void {
  const holder = target as Record<string, Method>;
  const original = holder[name]!;
  const wrapper: Wrapper = { original, inherited: !Object.hasOwn(target, name), active: true };
  const wrapped: Method = function (...args) {
    const call = (): unknown => wrapper.original.apply(this, args);
    return wrapper.active ? around(args, call) : call();
  };
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
  for (const key of Reflect.getMetadataKeys(original) as unknown[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), wrapped);
  wrappers.set(wrapped, wrapper);
  patch(target, name, wrapped);
  return () => {
    wrapper.active = false;
    let outermost = wrappers.get(holder[name]!);
    while (outermost && !outermost.active) {
      if (outermost.inherited) Reflect.deleteProperty(target, name);
      else patch(target, name, outermost.original);
      outermost = wrappers.get(holder[name]!);
    }
  };
}
