/** The known name that differs in the fewest letters, at most two. A swapped pair counts as two. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known.map((other) => ({ other, letters: distance(name, other) })).filter(({ letters }) => letters <= 2);
  return near.toSorted((one, another) => one.letters - another.letters)[0]?.other;
}

/** The Levenshtein distance: how many letters must be inserted, removed or replaced. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let index = 0; index < one.length; index += 1) {
    const next = [index + 1];
    for (let column = 1; column < row.length; column += 1) {
      const replaced = row[column - 1]! + (one[index] === other[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
