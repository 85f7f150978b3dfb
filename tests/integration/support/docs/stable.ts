/** What is different in every run, or for the kit's users, with what stands for it. */
const VOLATILE: [RegExp, string][] = [
  // Theirs is in node_modules, the frames of which are not shown. Here it is source that Vite has loaded, and Vite calls a
  // function after what its caller calls: `apply`.
  [/^ +in .*\bsrc\/(?:websocket|testing)\/.*\n/gm, ''],
  [/(?<=^ +in \w+\.)\w+(?: \[as \w+\])?(?= \()/gm, '<method>'],
  // In a timeline the times are set flush right.
  [/^( *?) *\d+\.\d ms {2}/gm, '# ms  '],
  [/\d+(?:\.\d+)? ms/g, '# ms'],
  [/("at":) [\d.]+/g, '$1 #'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:#'],
  [/(?:[\w.-]*\/)*([\w-]+\.[\w.-]*ts):\d+:\d+/g, '$1'],
];

/** Engine.IO's: base64 of 15 bytes, the last four of which are a count. */
const SOCKET_ID = /(?<![\w-])[\w-]{16}AA[\w-]{2}(?![\w-])/g;

/** A text with its times, ports, ids and places taken out, so that it is the same in every run, and in the docs. */
export function stable(text: string): string {
  const ids: string[] = [];
  const withIds = text.replace(SOCKET_ID, (id) => {
    if (!ids.includes(id)) ids.push(id);
    return `<id ${ids.indexOf(id) + 1}>`;
  });
  return VOLATILE.reduce((result, [pattern, name]) => result.replace(pattern, name), withIds).trimEnd();
}

/** What was printed, with `…` where what is told of it has that in the place of lines. */
export function elided(printed: string, told: string): string {
  const wanted = told.split('\n');
  const rest = printed.split('\n');
  const result: string[] = [];
  for (const [index, line] of wanted.entries()) {
    if (line.trim() === '…') {
      const next = wanted[index + 1];
      const skipped = next === undefined ? rest.length : rest.indexOf(next);
      if (skipped > 0) {
        rest.splice(0, skipped);
        result.push(line);
      }
    } else if (rest.length > 0) {
      result.push(rest.shift()!);
    }
  }
  return [...result, ...rest].join('\n');
}
