/**
 * Law 1, determinism: nothing in `src` but `cli` can reach the host's clock,
 * randomness, locale, timers, promises or console (docs/design.md, "Laws").
 *
 * @module
 */

import { isPortable, projectPath } from "./project.ts";
import { isGlobalUse } from "./scope.ts";

const CLOCK = "time is the machine's clk, or a clock that the caller hands in";
const ORDER = "the order of work is the program's, never the host's queue";
const WORLD = "only src/cli speaks with the host";
const CHANCE = "take a seeded generator";
const LOCALE = "texts are the same in every country";
const UNICODE = "each host has its own version of Unicode";
const MEMORY = "when the host collects garbage must not show";

/** Global names, and why each is forbidden. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["Date", CLOCK],
  ["Temporal", CLOCK],
  ["performance", CLOCK],
  ["setTimeout", ORDER],
  ["setInterval", ORDER],
  ["setImmediate", ORDER],
  ["clearTimeout", ORDER],
  ["clearInterval", ORDER],
  ["queueMicrotask", ORDER],
  ["requestAnimationFrame", ORDER],
  ["requestIdleCallback", ORDER],
  ["scheduler", ORDER],
  ["Promise", ORDER],
  ["PromiseLike", ORDER],
  ["AsyncIterable", ORDER],
  ["AsyncGenerator", ORDER],
  ["MessageChannel", ORDER],
  ["Worker", ORDER],
  ["crypto", CHANCE],
  ["Intl", LOCALE],
  ["WeakRef", MEMORY],
  ["FinalizationRegistry", MEMORY],
  ["console", WORLD],
  ["process", WORLD],
  ["Deno", WORLD],
  ["Bun", WORLD],
  ["navigator", WORLD],
  ["location", WORLD],
  ["localStorage", WORLD],
  ["fetch", WORLD],
  ["alert", WORLD],
  ["globalThis", WORLD],
  ["window", WORLD],
  ["self", WORLD],
  ["global", WORLD],
]);

/**
 * Functions of `Math` whose last bits ECMAScript leaves to the engine
 * ("implementation-approximated"), but `sqrt`, which IEEE 754 rounds everywhere.
 */
const INEXACT: ReadonlySet<string> = new Set(
  ("acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot " +
    "log log10 log1p log2 pow sin sinh tan tanh").split(" "),
);

/** The rule `lockstep/no-host`. */
export const noHost: Deno.lint.Rule = {
  create(context) {
    if (!isPortable(projectPath(context.filename))) return {};
    /** Where something was reported: the name in `{ Date }` is two nodes. */
    const seen = new Set<number>();
    const refuse = (node: Deno.lint.Node, what: string, why: string) => {
      if (seen.has(node.range[0])) return;
      seen.add(node.range[0]);
      context.report({ node, message: `${what} in src: ${why}` });
    };
    return {
      Identifier(node) {
        const why = NAMES.get(node.name);
        if (why !== undefined && isGlobalUse(node)) {
          refuse(node, `\`${node.name}\``, why);
        } else if (node.name === "Math" && isGlobalUse(node)) {
          checkMath(node, refuse);
        }
      },
      MemberExpression(node) {
        const name = memberName(node);
        if (/^(toLocale|localeCompare$)/.test(name ?? "")) {
          refuse(node, `\`${name}\``, LOCALE);
        }
      },
      Literal(node) {
        if (/^\/.*\\p\{/i.test(node.raw)) {
          refuse(node, "`\\p{…}`", UNICODE);
        }
      },
      ForInStatement(node) {
        refuse(
          node,
          "`for in`",
          "its order is easy to get wrong; use `for of`",
        );
      },
      ForOfStatement(node) {
        if (node.await) refuse(node, "`for await`", ORDER);
      },
      AwaitExpression(node) {
        refuse(node, "`await`", ORDER);
      },
      ImportExpression(node) {
        refuse(node, "`import()`", ORDER);
      },
      MetaProperty(node) {
        if (node.meta.name === "import") refuse(node, "`import.meta`", WORLD);
      },
      "FunctionDeclaration[async=true]": (node: Deno.lint.Node) =>
        refuse(node, "`async`", ORDER),
      "FunctionExpression[async=true]": (node: Deno.lint.Node) =>
        refuse(node, "`async`", ORDER),
      "ArrowFunctionExpression[async=true]": (node: Deno.lint.Node) =>
        refuse(node, "`async`", ORDER),
    };
  },
};

/** `Math` may be used by the name of an exact function only. */
function checkMath(
  node: Deno.lint.Identifier,
  refuse: (node: Deno.lint.Node, what: string, why: string) => void,
): void {
  const { parent } = node;
  const name = parent.type === "MemberExpression" ? memberName(parent) : null;
  if (name === null) {
    refuse(node, "`Math` as a value", "name the function: `Math.imul`");
  } else if (name === "random") {
    refuse(parent, "`Math.random`", CHANCE);
  } else if (INEXACT.has(name)) {
    refuse(parent, `\`Math.${name}\``, "its last bits differ between engines");
  }
}

/** `name` of `object.name` and of `object["name"]`; null where it is computed. */
function memberName(node: Deno.lint.MemberExpression): string | null {
  const { property, computed } = node;
  if (!computed && property.type === "Identifier") return property.name;
  if (property.type === "Literal" && typeof property.value === "string") {
    return property.value;
  }
  return null;
}
