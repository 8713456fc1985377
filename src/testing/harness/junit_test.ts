import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  junitXml,
  type KernelTestResult,
  serialText,
  unitResults,
} from "./mod.ts";

const result = (
  over: Partial<KernelTestResult> & { serial: string },
): KernelTestResult => ({
  name: "k",
  passed: true,
  status: 0,
  message: null,
  stop: { reason: "exit", value: 16, status: 33 },
  clk: 119_318_200,
  units: unitResults(over.serial),
  digest: "0123456789abcdef",
  ...over,
});

const lines = (...results: KernelTestResult[]): string[] =>
  junitXml([{ file: "a.ts", results }]).split("\n");

Deno.test("junitXml() of a kernel with a harness", () => {
  assertEquals(lines(result({ serial: "Running 1 tests\na::b...\t[ok]\n" })), [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites tests="1" failures="0" skipped="0" time="1.000000">',
    '  <testsuite name="k" file="a.ts" tests="1" failures="0" skipped="0" time="1.000000">',
    "    <properties>",
    '      <property name="clk" value="119318200"/>',
    '      <property name="digest" value="0123456789abcdef"/>',
    "    </properties>",
    '    <testcase name="a::b" classname="k"/>',
    "    <system-out>Running 1 tests\na::b...\t[ok]".split("\n")[0]!,
    "a::b...\t[ok]",
    "</system-out>",
    "  </testsuite>",
    "</testsuites>",
    "",
  ]);
});

Deno.test("junitXml(): who tells what is wrong", () => {
  const failed = { passed: false, status: 1, message: 'a "b"\n<c>' };
  const told = '<failure message="a &quot;b&quot;&#10;&lt;c&gt;">';
  const cases = (serial: string, passed = false) =>
    lines(result({ serial, ...(passed ? {} : failed) }))
      .filter((line) => /<testcase |<skipped|<failure/.test(line))
      .map((line) => line.trim().replace(/classname.*"/, ""));
  // The test that failed, and those behind it, which did not begin.
  assertEquals(cases("Running 3 tests\na...\t[ok]\nb...\t[failed]\n"), [
    '<testcase name="a" />',
    '<testcase name="b" >',
    `${told}Running 3 tests`,
    '<testcase name="test 3" >',
    "<skipped/>",
  ]);
  // The test that was running when time was up.
  assertEquals(cases("Running 1 tests\na...\t"), [
    '<testcase name="a" >',
    `${told}Running 1 tests`,
  ]);
  // No test can be blamed: the kernel is.
  assertEquals(cases("Running 1 tests\na...\t[ok]\n"), [
    '<testcase name="a" />',
    '<testcase name="k" >',
    `${told}Running 1 tests`,
  ]);
  // No harness.
  assertEquals(cases("", true), ['<testcase name="k" />']);
  assertEquals(cases(""), ['<testcase name="k" >', `${told}</failure>`]);
});

Deno.test("junitXml() holds only what XML can", () => {
  const serial = "\0\x1b[31m ]]> & \ud800 \u{1f600} \r\n";
  assertStringIncludes(
    junitXml([{ file: 'a"&.ts', results: [result({ serial })] }]),
    "<system-out>\ufffd\ufffd[31m ]]&gt; &amp; \ufffd \u{1f600} &#13;\n</system-out>",
  );
});

Deno.test("unitResults() sees through what tests print", () => {
  const rows: [string, string[]][] = [
    ["", []],
    ["should_panic::should_fail...\t[ok]\n", ["ok"]],
    ["x...\t[test did not panic]\n", ["failed"]],
    ["Running 2 tests\na...\thello\nmore[ok]\nb...\t", ["ok", "unfinished"]],
    ["a...\t\nb...\t[ok]\n", ["unfinished", "ok"]],
    ["[ok]\n[failed]\n", []],
    ["Running 2 tests\n", ["skipped", "skipped"]],
  ];
  for (const [text, outcomes] of rows) {
    assertEquals(unitResults(text).map(({ outcome }) => outcome), outcomes);
  }
  assertEquals(unitResults("Running 999999999 tests\n").length, 10_000);
});

Deno.test("serialText() reads UTF-8 and drops carriage returns before line feeds", () => {
  const bytes = [0x41, 13, 10, 13, 0xc3, 0xb6, 0xff, 10, 0xe2];
  assertEquals(serialText(new Uint8Array(bytes)), "A\n\r\u00f6\ufffd\n\ufffd");
});
