/**
 * Waits for a promise no longer than so many milliseconds.
 *
 * @throws what the promise rejects with or, when it takes longer, what `late` makes
 */
export async function within<T>(promise: T | Promise<T>, timeout: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    // What it waits for keeps the process alive, if anything does.
    timer = setTimeout(() => reject(late()), timeout).unref();
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
