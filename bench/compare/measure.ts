/**
 * Measuring side by side: the contenders take turns, so that a machine that slows down slows all of them, and medians
 * speak. Each run returns a checksum that has to be the expected one.
 *
 * @module
 */

/** One contender. */
export interface Contender {
  /** Its name, for messages. */
  readonly name: string;
  /** Does `operations` operations and returns a checksum. */
  readonly run: () => number;
  /** What has to happen before each run and is not measured. */
  readonly prepare?: () => void;
  /** How many operations a run does. */
  readonly operations: number;
}

const ROUNDS = 9;
const WARM_UP = 3;

/**
 * Measures contenders in turns.
 *
 * @param contenders who is compared; all have to give the same checksum, unless `checksums` says otherwise
 * @param checksums what each has to give
 * @returns the median time of one operation of each, ns
 */
export function interleaved(
  contenders: readonly Contender[],
  checksums?: readonly number[],
): number[] {
  const times = contenders.map(() => [] as number[]);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    let first = 0;
    contenders.forEach(({ name, run, operations, prepare }, i) => {
      prepare?.();
      const start = performance.now();
      const sum = run();
      const ns = (performance.now() - start) * 1e6 / operations;
      if (i === 0) first = sum;
      const want = checksums?.[i] ?? first;
      if (sum !== want) {
        throw new Error(`${name} gives checksum ${sum} instead of ${want}`);
      }
      if (round >= 0) times[i]!.push(ns);
    });
  }
  return times.map(median);
}

/**
 * The best of three medians of a ratio: what a noisy host cannot fake upwards for long.
 *
 * @param measure one measurement, giving rows' times
 * @param better which of two measurements is the better one
 */
export function bestOfThree<T>(
  measure: () => T,
  better: (a: T, b: T) => boolean,
): T {
  let best = measure();
  for (let i = 1; i < 3; i++) {
    const next = measure();
    if (better(next, best)) best = next;
  }
  return best;
}

/**
 * Measures two.
 *
 * @param contenders ours and the peer
 * @returns both times, ns, of the best of three medians of the ratio peer ÷ ours
 */
export function best(
  contenders: readonly [Contender, Contender],
): [number, number] {
  const [ours, peer] = bestOfThree(
    () => interleaved(contenders),
    (a, b) => a[1]! / a[0]! > b[1]! / b[0]!,
  );
  return [ours!, peer!];
}

/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
