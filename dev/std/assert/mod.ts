/**
 * Stand-in for `jsr:@std/assert`, for machines that reach npm but not JSR: the
 * same functions from their npm republication, which has no types of its own.
 *
 * @module
 */

// @ts-types="./mod.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
