const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/** Takes what nobody catches, which would end the process, in place of Vitest. @returns how to give that back */
export function takeUncaught(onUncaught: (error: unknown) => void): () => void {
  const givenBack = EVENTS.map((event) => {
    const others = process.rawListeners(event) as (() => void)[];
    process.removeAllListeners(event).on(event, onUncaught);
    return () => {
      process.off(event, onUncaught);
      for (const other of others) process.on(event, other);
    };
  });
  return () => {
    for (const giveBack of givenBack) giveBack();
  };
}
