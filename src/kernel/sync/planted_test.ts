/**
 * One wrong order for each primitive, and the right one beside it: an
 * interrupt that moves over all boundaries of a short run finds the first and
 * nothing in the second. On the machine: `tests/order_bugs_test.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import {
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";
import {
  type MakeScenario,
  ORDERS,
} from "../../../tests/support/order_bugs.ts";

/**
 * Moves the interrupt over all boundaries.
 *
 * @param make Builds the scenario anew.
 * @returns The boundaries after which the law was broken, and how many there
 * were; a deadlock keeps the law, as it is reported.
 */
function search(make: MakeScenario) {
  const found: number[] = [];
  for (let at = 1;; at++) {
    const env: InterruptEnv = new InterruptEnv(at, () => scenario.handler());
    const scenario = make(env);
    try {
      scenario.main();
    } catch (thrown) {
      if (!(thrown instanceof DeadlockStop)) throw thrown;
      continue;
    }
    if (env.count < at) return { found, boundaries: env.count };
    if (scenario.broken() !== null) found.push(at);
  }
}

for (const [name, { right, planted }] of Object.entries(ORDERS)) {
  Deno.test(name, () => {
    const clean = search(right);
    assertEquals(clean.found, []);
    assert(clean.boundaries > 0, "the right form has boundaries");
    assert(search(planted).found.length > 0, "the planted bug is found");
  });
}
