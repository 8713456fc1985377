// Types of the stand-in for `jsr:@std/cli/parse-args`, written against its
// public API: the same option names, and the types that they give a result.

/** What `parseArgs` may be told: `B` and `S` name flags, `C` lists, `D` defaults. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  D = unknown,
> {
  "--"?: boolean;
  alias?: Readonly<Record<string, string | readonly string[]>>;
  boolean?: B | readonly B[] | boolean;
  string?: S | readonly S[];
  collect?: C | readonly C[];
  negatable?: string | readonly string[];
  default?: D;
  stopEarly?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The options as found, and in `_` the words that belong to none. */
export type Args<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  D = unknown,
> =
  & { [K in B]: K extends C ? boolean[] : boolean }
  & {
    [K in S]: K extends C ? string[]
      : K extends keyof D ? string
      : string | undefined;
  }
  & { [K in Exclude<keyof D, B | S>]: D[K] }
  & { _: Array<string | number>; "--"?: string[] };

export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  D extends object = Record<never, never>,
>(
  args: readonly string[],
  options?: ParseOptions<B, S, C, D>,
): Args<B, S, C, D>;
