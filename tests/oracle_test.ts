import { assertEquals } from "@std/assert";
import { DEVICES } from "../dev/oracle/program.ts";
import { findPics } from "../dev/oracle/qemu.ts";
import { formatReport, runOracle } from "../dev/oracle/run.ts";
import { permitted } from "../dev/permission.ts";

Deno.test({
  name: "our devices answer as QEMU's do, over 240 random programs (needs run)",
  ignore: !permitted("run"),
  async fn() {
    const paths = await findPics();
    if (paths === null) {
      console.warn(
        "SKIPPED, our devices are not compared: there is no qemu-system-x86_64 here",
      );
      return;
    }
    const report = await runOracle(paths, {
      devices: DEVICES,
      seed: 20_200_102,
      programs: 240,
      length: 100,
    });
    const unexplained = [...report.devices.values()]
      .flatMap((device) => device.unexplained);
    assertEquals(unexplained, [], formatReport(report));
    assertEquals(report.good, true, formatReport(report));
  },
});
