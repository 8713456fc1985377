/**
 * The law of imports (docs/design.md, "The house"): they point one way,
 * `base → hw → {isa, kernel} → trace → testing → cli`, types included.
 *
 * @module
 */

import {
  isSource,
  type Layer,
  layerOf,
  LAYERS,
  projectPath,
} from "./project.ts";

/** Files of `src/hw` that are architecture: formats that every kernel knows. */
const FORMATS: ReadonlySet<string> = new Set([
  "addr",
  "addr_checks",
  "boot_info",
  "e820",
  "error_code",
  "exception",
  "flags_debug",
  "format_hex",
  "gdt",
  "general_registers",
  "idt",
  "memory_map",
  "page",
  "page_range",
  "page_table",
  "phys_addr",
  "registers",
  "tss",
  "virt_addr",
  "virt_math",
  "word64",
]);

/**
 * Of these a kernel may name the types. Here and below, `pit` stands for
 * `src/hw/pit.ts`, `src/hw/pit_counter.ts` and `src/hw/pit/…`.
 */
const KERNEL_TYPES: readonly string[] = [
  "hosted",
  "instructions",
];

/** Devices, each of which knows lines and sinks only. */
const DEVICES: readonly string[] = [
  "debug_console",
  "debug_exit",
  "i8042",
  "pic",
  "pit",
  "post_code",
  "ps2_keyboard",
  "ps2_mouse",
  "reset_control",
  "rtc",
  "system_control_a",
  "uart",
  "vga",
];

/** What a device is never told of: the CPU and everything that knows the CPU. */
const CPU_SIDE: readonly string[] = [
  "core",
  "cpu",
  "executor",
  "firmware",
  "host",
  "hosted",
  "instructions",
  "interrupt_unit",
  "machine",
  "mmu",
  "page_walk",
  "segment_unit",
  "system_registers",
  "tlb",
];

/** Packages that a layer may import, sub-paths included. */
const PACKAGES: Readonly<Partial<Record<Layer, readonly string[]>>> = {
  cli: ["@std/cli", "node:"],
  testing: ["fast-check"],
};

/** The rule `lockstep/import-law`. */
export const importLaw: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    if (!isSource(path)) return {};
    return onImports((node, specifier, isType) => {
      const why = breach(path, specifier, isType);
      if (why !== null) {
        context.report({ node, message: `Import of "${specifier}": ${why}` });
      }
    });
  },
};

/** Calls `visit` for each import of a module, be it of values or of types. */
export function onImports(
  visit: (node: Deno.lint.Node, specifier: string, isType: boolean) => void,
): Deno.lint.LintVisitor {
  return {
    ImportDeclaration(node) {
      const isType = node.importKind === "type" ||
        (node.specifiers.length > 0 &&
          node.specifiers.every((specifier) =>
            specifier.type === "ImportSpecifier" &&
            specifier.importKind === "type"
          ));
      visit(node, node.source.value, isType);
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return;
      visit(node, node.source.value, node.exportKind === "type");
    },
    ExportAllDeclaration(node) {
      visit(node, node.source.value, node.exportKind === "type");
    },
    ImportExpression(node) {
      if (node.source.type !== "Literal") return;
      visit(node, String(node.source.value), false);
    },
    TSImportType(node) {
      const { argument } = node;
      if (argument.type !== "TSLiteralType") return;
      if (argument.literal.type !== "Literal") return;
      visit(node, String(argument.literal.value), true);
    },
  };
}

/** The project path that a relative `specifier` in the file `from` leads to. */
export function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  const base = new URL(from, "file:///project/");
  const { pathname } = new URL(specifier, base);
  return pathname.replace(/^\/(project\/)?/, "");
}

/** Why `from` may not import `specifier`; null where it may. */
export function breach(
  from: string,
  specifier: string,
  isType: boolean,
): string | null {
  const to = resolveImport(from, specifier);
  const layer = layerOf(from);
  if (layer === null) return "a file of src stands in one of its layers";
  if (to === null) return packageBreach(layer, specifier);
  const target = layerOf(to);
  if (target === null) return "src imports nothing from outside its layers";
  if (to.endsWith("_test.ts")) return "a test is imported by nobody";
  if (layer === "hw" && target === "hw") return wiringBreach(from, to);
  if (layer === target) return null;
  const pair = [layer, target];
  if (pair.includes("isa") && pair.includes("kernel")) {
    return "isa and kernel don't know each other";
  }
  if (LAYERS.indexOf(target) > LAYERS.indexOf(layer)) {
    return `${layer} stands below ${target}`;
  }
  return layer === "kernel" && target === "hw"
    ? kernelBreach(to, isType)
    : null;
}

function packageBreach(layer: Layer, specifier: string): string | null {
  const allowed = PACKAGES[layer]?.some((name) =>
    specifier === name || specifier.startsWith(`${name}/`) ||
    (name.endsWith(":") && specifier.startsWith(name))
  );
  return allowed
    ? null
    : `no package but ${
      PACKAGES[layer]?.join(" and ") ?? "none"
    } in src/${layer}`;
}

/** A kernel sees formats and instructions, and reaches devices by their ports. */
function kernelBreach(to: string, isType: boolean): string | null {
  if (FORMATS.has(hwName(to))) return null;
  if (!isOneOf(KERNEL_TYPES, to)) {
    return "a kernel knows formats and instructions, and no more of src/hw";
  }
  return isType ? null : "a kernel takes only types from it: `import type`";
}

/** Devices know neither each other nor the CPU; `machine*.ts` alone wires them. */
function wiringBreach(from: string, to: string): string | null {
  if (hwName(from) === "mod") return null;
  const [own, other] = [device(from), device(to)];
  if (isOneOf(["machine"], from)) return null;
  if (own !== null && own === other) return null;
  if (other !== null) {
    return own === null
      ? "only machine.ts wires devices"
      : "a device is given lines and sinks, and knows no other device";
  }
  if (own !== null && isOneOf(CPU_SIDE, to)) {
    return "a device is given lines and sinks, and knows no CPU";
  }
  return isOneOf(["machine"], to) ? "nothing below it knows the machine" : null;
}

/** `pit_counter` of `src/hw/pit_counter.ts`, `pit` of `src/hw/pit/counter.ts`. */
function hwName(path: string): string {
  return path.slice("src/hw/".length).replace(/(\/.*|\.ts)$/, "");
}

function device(path: string): string | null {
  return DEVICES.find((name) => isOneOf([name], path)) ?? null;
}

function isOneOf(names: readonly string[], path: string): boolean {
  const own = hwName(path);
  return names.some((name) => own === name || own.startsWith(`${name}_`));
}
