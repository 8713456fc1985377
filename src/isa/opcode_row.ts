/**
 * Rows of the opcode maps in the manual's own notation, such as `"ADD Ev,Gv"`, and how an opcode that has several meanings
 * selects one.
 *
 * Operands, first letter: `E` register or memory by ModRM.rm, `M` memory only, `R` register only, `G` register by
 * ModRM.reg, `S` segment, `C` control and `D` debug register by ModRM.reg, `Z` register by the opcode's low bits, `I`
 * immediate, `J` relative target, `O` memory at an address in the instruction; `AL`, `rAX`, `CL`, `DX`, `1` as they
 * stand. Second letter, the size: `b` 1 byte, `w` 2, `d` 4, `q` 8, `v` 2, 4 or 8 by prefix 66 and REX.W, `z` the same but
 * 4 instead of 8, `y` 4 or 8, `p` a far pointer, `s` a table's limit and base; none where the size doesn't matter. Behind the operands: `d64` where
 * the size is 8 without a prefix, `f64` where it always is.
 *
 * Source: SDM 2D, "Opcode Map", "Key to Abbreviations".
 *
 * @module
 */

import type { Handler, Operation } from "./processor.ts";

/** Chooses what executes an operation, once its operands are known. */
export type Binder = (o: Operation, row: Row) => Handler;

/** One meaning of an opcode. */
export interface Row {
  /** Discriminates. */
  readonly type: "row";
  /** As written in the map. */
  readonly text: string;
  /** The first word. */
  readonly mnemonic: string;
  /** Operands in their order. */
  readonly operands: readonly string[];
  /** First letters of the operands; a fixed accumulator counts as `E` in front and as `G` behind, `Z` and `O` as `E`. */
  readonly shape: string;
  /** Whether a ModRM byte follows the opcode. */
  readonly modrm: boolean;
  /** Whether an operand is a control or debug register: ModRM.mod is ignored then. */
  readonly special: boolean;
  /** Which sizes have another default. */
  readonly size: "" | "d64" | "f64";
  /** Given to the operation. */
  readonly kind: number;
  /** Chooses the handler. */
  readonly bind: Binder;
}

/** An opcode with several meanings. */
export type Choice =
  /** By ModRM.reg: a group of the manual. */
  | { readonly type: "reg"; readonly rows: readonly Entry[] }
  /** By whether ModRM names memory. */
  | { readonly type: "mod"; readonly memory: Entry; readonly register: Entry }
  /** By ModRM.rm. */
  | { readonly type: "rm"; readonly rows: readonly Entry[] }
  /** By mandatory prefix: F2 and F3 win over 66; an absent one means `none`, `null` is invalid. */
  | {
    readonly type: "prefix";
    readonly none: Entry;
    readonly p66?: Entry;
    readonly f3?: Entry;
    readonly f2?: Entry;
  };

/** What a map holds for an opcode: `null` is invalid. */
export type Entry = Row | Choice | null;

const USES_MODRM = /^[EMRGSCD][bwdqvzyps]?$/;

/**
 * A row.
 *
 * @param text mnemonic, operands, default size
 * @param bind chooses what executes it; a handler that fits all operands may stand here through {@linkcode always}
 * @param kind which of a family
 */
export function row(text: string, bind: Binder, kind = 0): Row {
  const [mnemonic = "", ...rest] = text.split(" ");
  const size = rest.includes("d64") ? "d64" : rest.includes("f64") ? "f64" : "";
  const list = rest.find((word) => word !== "d64" && word !== "f64");
  const operands = list ? list.split(",") : [];
  const isModrm = (operand: string) =>
    USES_MODRM.test(operand) && operand !== "DX";
  return {
    type: "row",
    text,
    mnemonic,
    operands,
    shape: operands.map(shapeLetter).join(""),
    modrm: operands.some(isModrm),
    special: operands.includes("Cd") || operands.includes("Dd"),
    size,
    kind,
    bind,
  };
}

function shapeLetter(operand: string, place: number): string {
  if (operand === "AL" || operand === "rAX") return place === 0 ? "E" : "G";
  const letter = operand[0]!;
  return "MRZO".includes(letter) ? "E" : letter;
}

/** A binder for a handler that suits all operands. */
export const always = (handler: Handler): Binder => () => handler;

/** By ModRM.reg. */
export const group = (...rows: readonly Entry[]): Choice => ({
  type: "reg",
  rows,
});

/** By whether ModRM names memory or a register. */
export const byMod = (memory: Entry, register: Entry): Choice => ({
  type: "mod",
  memory,
  register,
});

/** By ModRM.rm. */
export const byRm = (...rows: readonly Entry[]): Choice => ({
  type: "rm",
  rows,
});

/** Invalid with 66, F2 and F3 (`NP` in the manual). */
export const np = (none: Entry): Choice => ({
  type: "prefix",
  none,
  p66: null,
  f3: null,
  f2: null,
});

/** By mandatory prefix. */
export const byPrefix = (
  none: Entry,
  others: {
    /** With 66. */
    readonly p66?: Entry;
    /** With F3. */
    readonly f3?: Entry;
    /** With F2. */
    readonly f2?: Entry;
  },
): Choice => ({ type: "prefix", none, ...others });
