// The side of the child: see commanded-process.ts.

/** Tells the parent that this process is ready, and does from then on what it is told. */
export function obey(commands, greeting) {
  process.on('message', ({ id, command, argument }) => {
    void Promise.resolve(commands[command](argument)).then((result) => process.send({ id, result }));
  });
  process.send({ id: 0, result: greeting });
}
