import type { Difference } from '../differences.js';

/** The page of `docs/` with the table. */
export function pageOf(differences: Readonly<Record<string, Difference>>): string {
  return `# Differences from plain Nest

<!-- Generated from tests/differential/differences.ts by \`pnpm docs:differences\`. -->

\`pnpm test:differential\` plays the same scenarios on plain Nest and on the kit, by websocket and by polling, on both
versions of Nest. In these scenarios, what the clients saw, what the app's code saw and what was logged is the same, but for
this table. Another difference fails the test, and so does a row without a difference. An empty last column means that no
option restores the behaviour of plain Nest.

| what | plain Nest | the kit | why | to restore plain Nest |
| --- | --- | --- | --- | --- |
${Object.values(differences).map(rowOf).join('\n')}
`;
}

function rowOf({ what, plain, kit, why, recipe = '', nest }: Difference): string {
  const cells = [nest ? `${what} (Nest ${nest})` : what, plain, kit, why, recipe];
  return `| ${cells.join(' | ')} |`;
}
