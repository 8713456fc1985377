/**
 * Results as JUnit's XML, which servers for continuous integration read.
 *
 * A suite for each kernel, a case for each test inside it; a kernel without a
 * harness is one case. Times are the machine's, so the same run is the same
 * text.
 *
 * Source: the Jenkins project's `junit-10.xsd`; XML 1.0, "Characters".
 *
 * @module
 */

import { CLK_HZ } from "../../base/time.ts";
import type { KernelTestResult } from "./kernel_run.ts";

/** Results of one file. */
export interface FileResults {
  /** The file. */
  readonly file: string;
  /** Its kernels' results. */
  readonly results: readonly KernelTestResult[];
}

interface Case {
  readonly name: string;
  readonly failure: string | null;
  readonly skipped: boolean;
}

/**
 * Writes results as JUnit's XML.
 *
 * @param files the results
 * @returns the document
 *
 * @example
 * ```ts
 * import { coreState } from "@lockstep/kernel/kernel";
 * import { junitXml, runKernelTest, testKernel } from "@lockstep/kernel/testing";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const program = testKernel({
 *   name: "my_os",
 *   state: coreState,
 *   build: () => ({ tests: { nothing() {} } }),
 * });
 * const results = [runKernelTest({ name: "basic_boot", program })];
 * assertStringIncludes(
 *   junitXml([{ file: "tests/basic_boot.ts", results }]),
 *   '<testcase name="my_os::nothing" classname="basic_boot"/>',
 * );
 * ```
 */
export function junitXml(files: readonly FileResults[]): string {
  const suites = files.flatMap(({ file, results }) =>
    results.map((result) => ({ file, result, cases: casesOf(result) }))
  );
  const cases = suites.flatMap((suite) => suite.cases);
  const clks = suites.reduce((sum, { result }) => sum + result.clk, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${counts(cases)} time="${seconds(clks)}">`,
    ...suites.flatMap(({ file, result, cases }) => [
      `  <testsuite name="${attribute(result.name)}" file="${attribute(file)}"${
        counts(cases)
      } time="${seconds(result.clk)}">`,
      `    <properties>`,
      `      <property name="clk" value="${result.clk}"/>`,
      `      <property name="digest" value="${result.digest}"/>`,
      `    </properties>`,
      ...cases.flatMap((test) => caseLines(result, test)),
      `    <system-out>${xml(result.serial)}</system-out>`,
      `  </testsuite>`,
    ]),
    "</testsuites>",
    "",
  ].join("\n");
}

/** The cases of a kernel: what is wrong is told by the test that was running, or else by the kernel itself. */
function casesOf({ name, passed, message, units }: KernelTestResult): Case[] {
  const cases = units.map((unit): Case => ({
    name: unit.name,
    failure: unit.outcome === "failed" || unit.outcome === "unfinished"
      ? message ?? unit.outcome
      : null,
    skipped: unit.outcome === "skipped",
  }));
  const told = cases.some(({ failure }) => failure !== null);
  if (cases.length === 0 || (!passed && !told)) {
    cases.push({ name, failure: passed ? null : message, skipped: false });
  }
  return passed ? cases.map((test) => ({ ...test, failure: null })) : cases;
}

function caseLines({ name, serial }: KernelTestResult, test: Case): string[] {
  const tag = `    <testcase name="${attribute(test.name)}" classname="${
    attribute(name)
  }"`;
  if (test.skipped) return [`${tag}>`, "      <skipped/>", "    </testcase>"];
  if (test.failure === null) return [`${tag}/>`];
  return [
    `${tag}>`,
    `      <failure message="${attribute(test.failure)}">${
      xml(serial)
    }</failure>`,
    "    </testcase>",
  ];
}

function counts(cases: readonly Case[]): string {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const skipped = cases.filter(({ skipped }) => skipped).length;
  return ` tests="${cases.length}" failures="${failures}" skipped="${skipped}"`;
}

function seconds(clk: number): string {
  return (clk / CLK_HZ).toFixed(6);
}

/** A text for an attribute, whose line feeds would become spaces. */
function attribute(text: string): string {
  return xml(text).replaceAll("\n", "&#10;");
}

/** A text for an element; what XML cannot hold becomes U+FFFD. */
function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "�")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;");
}
