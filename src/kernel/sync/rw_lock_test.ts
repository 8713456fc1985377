/**
 * The crate spin's own tests of `RwLock` by name, as far as they make sense
 * with one CPU: a second thread is here an interrupt at some boundary, or a
 * nested call. Left out: `test_rwlock_unsized` is about types only,
 * `test_into_inner_drop` about destructors.
 */
import { HOST_ENV, RwLock } from "./mod.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  DeadlockStop,
  InterruptEnv,
} from "../../../tests/support/interrupt_env.ts";
import { EventLog } from "../../base/events.ts";
import { cloneState } from "../../base/state_tree.ts";

const panic = (): never => {
  throw new Error("explicit panic");
};

Deno.test("rwlock: smoke, test_rwlock_try_write, test_into_inner", () => {
  const l = new RwLock(HOST_ENV, "L", { value: 10 });
  l.withRead(() => {});
  l.withWrite(() => {});
  l.withRead(() => l.withRead(() => {}));
  l.withRead(() => assert(!l.tryWrite()));
  l.withWrite(() => {});
  assertEquals(l.intoInner(), { value: 10 });
});

/** Who is in, by the rules in words. */
interface Inside {
  readers: number;
  writer: boolean;
  upgradeable: boolean;
}

/** Each act on a lock, and on the model; returns whether both agree. */
const RW_ACTS: Record<string, (l: RwLock<null>, m: Inside) => boolean> = {
  tryRead(l, m) {
    const may = !m.writer && !m.upgradeable;
    if (may) m.readers += 1;
    return l.tryRead() === may;
  },
  tryWrite(l, m) {
    const may = !m.writer && !m.upgradeable && m.readers === 0;
    if (may) m.writer = true;
    return l.tryWrite() === may;
  },
  tryUpgradeableRead(l, m) {
    const may = !m.writer && !m.upgradeable;
    if (may) m.upgradeable = true;
    return l.tryUpgradeableRead() === may;
  },
  unlockRead(l, m) {
    if (m.readers > 0) (l.unlockRead(), m.readers -= 1);
    return true;
  },
  unlockWrite(l, m) {
    if (m.writer) (l.unlockWrite(), m.writer = false);
    return true;
  },
  unlockUpgradeable(l, m) {
    if (m.upgradeable) (l.unlockUpgradeable(), m.upgradeable = false);
    return true;
  },
  tryUpgrade(l, m) {
    if (!m.upgradeable) return true;
    const may = m.readers === 0;
    if (may) (m.writer = true, m.upgradeable = false);
    return l.tryUpgrade() === may;
  },
  downgrade(l, m) {
    if (m.writer) (l.downgrade(), m.writer = false, m.readers += 1);
    return true;
  },
  downgradeUpgradeable(l, m) {
    if (!m.upgradeable) return true;
    l.downgradeUpgradeable();
    m.upgradeable = false;
    m.readers += 1;
    return true;
  },
};

Deno.test("rwlock: frob, any acts agree with a model, copies included", () => {
  const acts = fc.array(
    fc.constantFrom("copy", ...Object.keys(RW_ACTS)),
    { maxLength: 200, size: "max" },
  );
  fc.assert(fc.property(acts, (names) => {
    let l = new RwLock(HOST_ENV, "L", null);
    const m: Inside = { readers: 0, writer: false, upgradeable: false };
    for (const name of names) {
      if (name === "copy") {
        l = new RwLock(HOST_ENV, "L", null, cloneState(l.state));
      } else assert(RW_ACTS[name]!(l, m), name);
      assertEquals(l.readers, m.readers);
    }
  }));
});

Deno.test("rwlock: test_rw_access_in_unwind", () => {
  const l = new RwLock(HOST_ENV, "L", { value: 1 });
  assertThrows(() => l.withWrite(panic), Error, "explicit panic");
  assertThrows(() => l.withRead(panic), Error, "explicit panic");
  assertEquals(l.state, { bits: 0, writer: "", reader: "" });
});

Deno.test("rwlock: test_rw_try_read", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  l.write();
  assert(!l.tryRead());
  assertEquals(l.debug(), "RwLock { <locked> }");
  l.unlockWrite();
  assertThrows(() => l.debug(panic), Error, "explicit panic");
  assertEquals([l.debug(), l.readers], ["RwLock { data: 0}", 0]);
});

Deno.test("rwlock: test_force_read_decrement", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  for (let i = 0; i < 3; i++) l.read();
  for (let i = 0; i < 2; i++) l.forceReadDecrement();
  assert(!l.tryWrite());
  l.forceReadDecrement();
  assert(l.tryWrite());
  l.unlockWrite();
  assertThrows(
    () => l.forceReadDecrement(),
    RangeError,
    "Cannot unlock L: it has no reader",
  );
});

Deno.test("rwlock: test_force_write_unlock", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  l.write();
  assert(!l.tryRead());
  l.forceWriteUnlock();
  assert(l.tryRead());
  assertThrows(() => l.forceWriteUnlock(), RangeError, "it has readers");
});

Deno.test("rwlock: test_upgrade_downgrade", () => {
  const l = new RwLock(HOST_ENV, "L", 0);
  l.read();
  assert(l.tryUpgradeableRead());
  assert(!l.tryUpgrade());
  l.unlockRead();
  assert(l.tryUpgrade());
  l.downgrade();
  assert(l.tryUpgradeableRead());
  assert(!l.tryWrite());
  l.unlockRead();
  l.downgradeUpgradeable();
  assertThrows(() => l.upgrade(), RangeError, "it has no upgradeable reader");
  l.unlockRead();
  assertEquals(l.state.bits, 0);
});

Deno.test("rwlock: a wait that cannot end names who is in", () => {
  const held = (take: (l: RwLock<number>) => void) => {
    const env = new InterruptEnv();
    const l = new RwLock(env, "TABLE", 0);
    take(l);
    env.frames.push("handler");
    return l;
  };
  const cases: [string, () => void][] = [
    ["read TABLE", () => held((l) => l.write()).read()],
    ["read TABLE", () => held((l) => l.upgradeableRead()).read()],
    ["write TABLE", () => held((l) => l.read()).write()],
    ["upgradeably read TABLE", () => held((l) => l.write()).upgradeableRead()],
    [
      "upgrade the reader of TABLE",
      () => held((l) => (l.read(), l.upgradeableRead())).upgrade(),
    ],
  ];
  for (const [act, wait] of cases) {
    const { reason } = assertThrows(wait, DeadlockStop);
    assertEquals(
      reason.message.startsWith(`Cannot ${act}: held by loop,`),
      true,
    );
    assertEquals([reason.holder, reason.waiter], ["loop", "loop > handler"]);
  }
});

Deno.test("RwLock reports who comes and who leaves", () => {
  const events = new EventLog({ clk: 0 });
  events.on = true;
  const lock = new RwLock({ ...HOST_ENV, events }, "TABLE", 0);
  lock.read();
  lock.upgradeableRead();
  assertEquals(lock.tryWrite(), false); // Who does not get in is not reported.
  lock.unlockRead();
  lock.upgrade();
  lock.downgrade();
  lock.unlockRead();
  lock.withWrite(() => {});
  lock.withRead(() => {});
  assertEquals([...events].map(({ kind, b }) => `${kind} ${b}`), [
    "lock 1",
    "lock 2",
    "unlock 1",
    "unlock 2",
    "lock 0",
    "lock 1",
    "unlock 0",
    "unlock 1",
    "lock 0",
    "unlock 0",
    "lock 1",
    "unlock 1",
  ]);
});
