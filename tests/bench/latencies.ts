/** Latencies of one thing done many times. */

/** The smallest value that at least this share of the values do not exceed. @throws RangeError without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))];
  if (value === undefined) throw new RangeError('no values to take a percentile of');
  return value;
}

/** Milliseconds of each of `rounds` calls, one after the other; `between` is not counted. */
export async function latenciesMs(
  rounds: number,
  call: (round: number) => Promise<unknown>,
  between: (round: number) => Promise<unknown> = () => Promise.resolve(),
): Promise<readonly number[]> {
  const latencies: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await between(round);
    const from = performance.now();
    await call(round);
    latencies.push(performance.now() - from);
  }
  return latencies;
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
