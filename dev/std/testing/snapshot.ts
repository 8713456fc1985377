/**
 * Stand-in for `jsr:@std/testing/snapshot`, for machines that reach npm but not
 * JSR: Deno's own snapshots, which have the same file format.
 *
 * @module
 */

/** Compares `actual` with what `deno test -u` last wrote down for this test. */
export async function assertSnapshot(
  t: Deno.TestContext,
  actual: unknown,
  options?: Parameters<Deno.TestContext["assertSnapshot"]>[1],
): Promise<void> {
  await t.assertSnapshot(actual, options);
}
