/**
 * Testing: kernels, each on a machine of its own; conformance suites for heaps,
 * frame allocators, mappers, executors and locks, with the arbitraries, models
 * and planted bugs behind them.
 *
 * @module
 */

export * from "./arbitraries/mod.ts";
export * from "./conformance/mod.ts";
export * from "./harness/mod.ts";
export * from "./models/mod.ts";
export * from "./mutants/mod.ts";
