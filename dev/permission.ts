/**
 * Plain `deno test` grants nothing and must pass, so a test that needs a
 * permission says so and is ignored without it; `deno task test` grants all
 * that the project's tests need.
 *
 * @module
 */

/** A permission by the name of its flag: `run` is `--allow-run`. */
export type Need = "env" | "read" | "run" | "write";

/**
 * Whether every one of `needs` is granted.
 *
 * ```ts ignore
 * import { permitted } from "./permission.ts";
 *
 * Deno.test({
 *   name: "main() writes the screen to a file (needs read, write)",
 *   ignore: !permitted("read", "write"),
 *   async fn() {},
 * });
 * ```
 */
export function permitted(...needs: readonly Need[]): boolean {
  return needs.every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
}
