/**
 * Testing: kernels, each on a machine of its own.
 *
 * @module
 */

export * from "./harness/mod.ts";
