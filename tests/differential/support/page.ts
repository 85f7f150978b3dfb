import type { Difference } from '../differences.js';

/** The page of `docs/` with the table. */
export function pageOf(differences: Readonly<Record<string, Difference>>): string {
  return `# Differences from plain Nest

<!-- Generated from tests/differential/differences.ts by \`pnpm docs:differences\`. -->

\`pnpm test:differential\` plays the same scenarios on plain Nest and on the kit, by websocket and by polling, on both
versions of Nest. In these scenarios, only the rows of this table differ in what the clients saw, what the app's code saw
and what was logged. A difference that is not listed fails the test, and so does a row without a difference. When the last
column is empty, no option is made for it.

| what | plain Nest | the kit | why | to restore plain Nest |
| --- | --- | --- | --- | --- |
${Object.values(differences).map(rowOf).join('\n')}
`;
}

function rowOf({ what, plain, kit, why, recipe = '', nest }: Difference): string {
  const cells = [nest ? `${what} (Nest ${nest})` : what, plain, kit, why, recipe];
  return `| ${cells.join(' | ')} |`;
}
