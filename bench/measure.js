/** How long a function takes, in milliseconds. */
export async function time(task) {
  const start = performance.now();
  await task();
  return performance.now() - start;
}

/** Runs the contestants in turn, in alternating order. Returns, for each, its times in milliseconds. */
export async function interleave(contestants, rounds) {
  const names = Object.keys(contestants);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (const task of Object.values(contestants)) await task();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed())
      times[name].push(await time(contestants[name]));
  }
  return times;
}

/** The ratios of two contestants, round by round. */
export function ratios(times, other) {
  return times.map((duration, round) => duration / other[round]);
}

/** As `median (lower quartile to upper quartile)`. */
export function summary(values, unit = '') {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(2);
  return `${at(0.5)}${unit} (${at(0.25)} to ${at(0.75)})`;
}
