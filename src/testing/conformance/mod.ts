/**
 * Conformance suites: five lines check an implementation against a model, and a
 * failure comes with the smallest script that shows it.
 *
 * @module
 */

export * from "./check_executor.ts";
export * from "./check_frame_allocator.ts";
export * from "./check_heap.ts";
export * from "./check_lock.ts";
export * from "./check_mapper.ts";
export * from "./executor_laws.ts";
export * from "./heap_laws.ts";
export * from "./mapper_laws.ts";
export { type CheckOptions, ConformanceError, type Failure } from "./report.ts";
