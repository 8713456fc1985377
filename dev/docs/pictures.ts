/**
 * The pictures in the documentation, each made by the program itself; `deno
 * task docs` draws them anew.
 *
 * @module
 */

import { ROOT } from "../files.ts";

/** A picture. */
export interface Picture {
  /** From the project's root. */
  readonly path: string;
  /** Arguments of `deno` that draw it into the file whose name follows. */
  readonly command: readonly string[];
}

/** All of them. */
export const PICTURES: readonly Picture[] = [
  {
    path: "docs/pictures/kernel.svg",
    command: [
      ...["task", "--quiet", "run", "--headless", "--keys", "hello"],
      ...["--screen", "svg", "--out"],
    ],
  },
  {
    path: "docs/pictures/heap.svg",
    command: ["run", "--quiet", "--allow-write", "examples/heap_picture.ts"],
  },
];

/**
 * Draws a picture.
 *
 * @param picture which
 * @param file where it goes
 * @throws {Error} if it cannot be drawn
 */
export async function draw(picture: Picture, file: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...picture.command, file],
    cwd: ROOT,
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
