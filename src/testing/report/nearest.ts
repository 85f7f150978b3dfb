/** Of the names that are known, the one that differs in the fewest letters: in two at most, which a swapped pair is. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known.map((other) => ({ other, letters: distance(name, other) })).filter(({ letters }) => letters <= 2);
  return near.toSorted((one, another) => one.letters - another.letters)[0]?.other;
}

/** How many letters are to be put in, left out or replaced, after Levenshtein. */
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
