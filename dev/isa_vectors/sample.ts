/**
 * The fixed sample, `vectors/isa-*.json`: by file, by key, a line for each vector.
 *
 * @module
 */

import { type Key, KEYS } from "./keys.ts";
import type { Vector } from "./layout.ts";
import { formatVector, parseVector } from "./text.ts";

/** What a file of the sample holds. */
export interface SampleFile {
  /** Where it comes from. */
  readonly source: string;
  /** How to read it. */
  readonly format: string;
  /** On which CPU it was measured. */
  readonly provenance: string;
  /** Lines, by key and text. */
  readonly vectors: Readonly<Record<string, readonly string[]>>;
}

/** Names of the files, and the keys that each holds. */
export const SAMPLE_FILES: Readonly<Record<string, (key: Key) => boolean>> =
  Object.freeze({
    "isa-one-byte.json": ({ key, opcode }) =>
      opcode[0] !== 0x0f && !key.includes("/"),
    "isa-groups.json": ({ key }) => key.includes("/"),
    "isa-two-byte.json": ({ key, opcode }) =>
      opcode[0] === 0x0f && !key.includes("/"),
  });

/**
 * Writes one file.
 *
 * @param vectors by key
 * @param keys that belong in it
 * @param cpu its name
 */
export function formatSample(
  vectors: ReadonlyMap<string, readonly Vector[]>,
  keys: (key: Key) => boolean,
  cpu: string,
): string {
  const file: SampleFile = {
    source: "single instructions on a CPU: dev/isa_vectors",
    format: "dev/isa_vectors/text.ts, layout.ts",
    provenance:
      `measured on ${cpu}; where it differs from SDM 2 (dev/isa_vectors/differences.ts), as the manual has it, or left out`,
    vectors: Object.fromEntries(
      KEYS.filter(keys).map(({ key, text }) => [
        `${key}: ${text}`,
        vectors.get(key)!.map(formatVector),
      ]),
    ),
  };
  return JSON.stringify(file, null, 0).replaceAll('","', '",\n"')
    .replaceAll('":["', '":[\n"').replaceAll('"],"', '"],\n"') + "\n";
}

/** Reads the vectors of one file. */
export function* readSample(file: SampleFile): Generator<Vector> {
  for (const [name, lines] of Object.entries(file.vectors)) {
    const key = name.slice(0, name.indexOf(":"));
    for (const line of lines) yield parseVector(key, line);
  }
}
