/** Replaces a method on this one object. @returns the function that restores the method */
export function patch(target: object, method: string, replacement: (...args: never[]) => unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, method);
  Object.defineProperty(target, method, { configurable: true, writable: true, value: replacement });
  return () => {
    if (own) Object.defineProperty(target, method, own);
    else Reflect.deleteProperty(target, method);
  };
}
