import { testRule } from "./run_plugin.ts";

testRule("no-unwind-handler", {
  bad: [
    ["src/kernel/serial.ts", "try { f(); } finally { g(); }"],
    ["src/kernel/serial.ts", "try { f(); } catch { g(); }"],
    ["src/kernel/task/a.ts", "try { f(); } catch (e) { throw e; }"],
    ["src/kernel/serial.ts", "function f() { using a = g(); }"],
    ["src/kernel/sync/lock.ts", "try { f(); } finally { g(); }"],
    ["src/kernel/sync/lock.ts", "try { f(); } catch (e) { g(); throw e; }"],
    ["src/kernel/sync/lock.ts", "try { f(); } catch { g(); }"],
    ["src/kernel/sync/lock.ts", "try { f(); } catch (e) { if (a(e)) g(); }"],
    ["src/kernel/syncopate.ts", "try { f(); } catch (e) { throw e; }"],
  ],
  good: [
    [
      "src/kernel/sync/lock.ts",
      "try { f(); } catch (e) { if (isUnwind(e)) throw e; g(); throw e; }",
    ],
    [
      "src/kernel/sync.ts",
      "try { f(); } catch (e) { if (isUnwind(e)) { throw e; } g(); }",
    ],
    ["src/kernel/serial.ts", "function f() { throw new RangeError(); }"],
    ["src/kernel/serial_test.ts", "try { f(); } finally { g(); }"],
    ["src/hw/machine.ts", "try { f(); } catch { g(); }"],
    ["src/cli/main.ts", "try { f(); } finally { g(); }"],
  ],
});
