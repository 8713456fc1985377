/**
 * Naive models: slow, short, and sharing no code with what they judge.
 *
 * @module
 */

export * from "./executor_model.ts";
export * from "./frame_model.ts";
export * from "./heap_model.ts";
export * from "./lock_model.ts";
export * from "./mapper_model.ts";
export * from "./paging_model.ts";
export * from "./probe_memory.ts";
