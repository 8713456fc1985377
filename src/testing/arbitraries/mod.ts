/**
 * Arbitraries for fast-check. What they draw prints as code that can be pasted
 * into a test.
 *
 * @module
 */

export * from "./address.ts";
export type { Arbitrary } from "./arbitrary.ts";
export * from "./frame_script.ts";
export * from "./heap_script.ts";
export * from "./inputs.ts";
export * from "./lock_script.ts";
export {
  anyMapperScript,
  anyPagePath,
  bytesOf,
  levelOf,
  type MapperOperation,
  mapperOperationText,
  MapperScript,
  type MapperScriptOptions,
  pageAt,
  type PageLevel,
  type PagePath,
} from "./mapper_script.ts";
export * from "./memory_map.ts";
export * from "./page_tables.ts";
export * from "./port_program.ts";
export * from "./scancodes.ts";
export * from "./steps.ts";
export * from "./task_script.ts";
