/**
 * The instruction engine over the mixed benchmark of `bench/isa`, beside a load from a typed array, which says how fast
 * this computer is at the moment, and beside the same C natively, if gcc is here.
 *
 * @module
 */

import { run, WORKLOADS } from "../isa/run.ts";
import { bestOfThree, type Contender, interleaved } from "./measure.ts";
import { type Row, valueRow } from "./rows.ts";

/** Of each the best counts. */
const ROUNDS = 5;
/** Goal: as many million instructions a second where a load takes 1 ns, and as many fewer as it takes longer. */
const GOAL_MIPS = 40;
const WORDS = 64 * 1024;
const LOADS = 1_000_000;
const CHUNK = 10_000;

/** Loads from a typed array, at places that no one could guess. */
function rawLoads(): Contender {
  const words = new Int32Array(WORDS);
  const index = new Int32Array(LOADS);
  let x = 1;
  for (let i = 0; i < LOADS; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    index[i] = ((x >>> 8) % WORDS) * 4;
    words[i % WORDS] = i % WORDS;
  }
  const some = (from: number, to: number): number => {
    let sum = 0;
    for (let i = from | 0; i < (to | 0); i++) {
      sum = (sum + words[index[i]! >>> 2]!) | 0;
    }
    return sum;
  };
  return {
    name: "typed array",
    operations: LOADS,
    run: () => {
      let sum = 0;
      for (let i = 0; i < LOADS; i += CHUNK) {
        sum = (sum + some(i, i + CHUNK)) | 0;
      }
      return sum;
    },
  };
}

/** The best native times, ns, or `null` where there is no gcc. */
async function nativeTimes(): Promise<number[] | null> {
  const folder = await Deno.makeTempDir({ prefix: "mixed-benchmark-" });
  const source = new URL("../isa/", import.meta.url).pathname;
  try {
    const gcc = await new Deno.Command("gcc", {
      args: [
        "-O2",
        "-std=gnu11",
        "-o",
        `${folder}/native`,
        `${source}native.c`,
        `${source}mixed_benchmark.c`,
      ],
      stderr: "inherit",
    }).output();
    if (!gcc.success) throw new Error("gcc cannot build the native benchmark");
    const { stdout } = await new Deno.Command(`${folder}/native`).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    return lines.map((line, i) => {
      const [answer = "", ns = ""] = line.split(" ");
      const { name, answer: want } = WORKLOADS[i]!;
      if (BigInt(answer).toString(16) !== want) {
        throw new Error(`${name} gives ${answer} natively`);
      }
      return Number(ns);
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Measures everything, in turns. */
export async function isaRows(): Promise<Row[]> {
  const raw = rawLoads();
  const best = WORKLOADS.map(() => Infinity);
  const instructions = WORKLOADS.map(() => 0);
  let rawNs = Infinity;
  // The first round is the host's compiler's.
  for (let round = -1; round < ROUNDS; round++) {
    const [ns] = bestOfThree(
      () => interleaved([raw]),
      (a, b) => a[0]! < b[0]!,
    );
    rawNs = Math.min(rawNs, ns!);
    WORKLOADS.forEach((_, i) => {
      const result = run(i);
      instructions[i] = result.instructions;
      if (round >= 0) best[i] = Math.min(best[i]!, result.ms);
    });
  }
  const sum = (list: readonly number[]): number =>
    list.reduce((a, b) => a + b, 0);
  const mips = sum(instructions) / sum(best) / 1000;
  const rows: Row[] = [
    valueRow("isa/mixed", mips, "MIPS", GOAL_MIPS / rawNs, "more"),
    valueRow("isa/typed-array-load", rawNs, "ns", 0, "more"),
    ...WORKLOADS.map(({ name }, i) =>
      valueRow(
        `isa/mixed/${name}`,
        instructions[i]! / best[i]! / 1000,
        "MIPS",
        0,
        "more",
      )
    ),
  ];
  const native = await nativeTimes();
  if (native === null) {
    console.error(
      "isa/mixed/native SKIPPED: there is no gcc here (Debian: apt-get install gcc)",
    );
  } else {
    const times = (id: string, ms: number, ns: number): Row =>
      valueRow(id, 1e6 * ms / ns, "× the native time", 0, "more");
    rows.push(times("isa/mixed/native", sum(best), sum(native)));
    WORKLOADS.forEach(({ name }, i) =>
      rows.push(times(`isa/mixed/${name}/native`, best[i]!, native[i]!))
    );
  }
  return rows;
}
