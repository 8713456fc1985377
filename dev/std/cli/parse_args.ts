/**
 * Stand-in for `jsr:@std/cli/parse-args`, for machines that reach npm but not
 * JSR: the same function from its npm republication.
 *
 * @module
 */

// @ts-types="./parse_args.d.ts"
export * from "npm:deno-std@1.4.0/cli/parse_args.js";
