/**
 * Law 1, determinism: no mutable module state, or two kernels could not run
 * side by side and a saved run would not be whole (docs/design.md, "Laws").
 * A table that the module fills while it loads is no state.
 *
 * *Not seen*: a change through another name, or from another module.
 *
 * @module
 */

import { isPortable, projectPath } from "./project.ts";
import { declaringScope, isInFunction, patternNames } from "./scope.ts";

type Node = Deno.lint.Node;

/** Methods that change an array, a typed array, a map or a set. */
const CHANGES: ReadonlySet<string> = new Set(
  ("push pop shift unshift splice sort reverse fill copyWithin set add delete " +
    "clear setInt8 setUint8 setInt16 setUint16 setInt32 setUint32 " +
    "setBigInt64 setBigUint64 setFloat32 setFloat64").split(" "),
);

const HINT = "Put it into a `state` object that the caller holds";

/** The rule `lockstep/no-module-state`. */
export const noModuleState: Deno.lint.Rule = {
  create(context) {
    if (!isPortable(projectPath(context.filename))) return {};
    /** Names that the module binds to an object of its own. */
    const objects = new Set<string>();
    const changed: { name: string; node: Node }[] = [];
    const note = (target: Node, node: Node) => {
      const name = rootName(target);
      if (name !== null && isInFunction(node)) changed.push({ name, node });
    };
    return {
      VariableDeclaration(node) {
        if (!isAtModuleLevel(node) || node.declare) return;
        if (node.kind !== "const") {
          context.report({
            node,
            message: `\`${node.kind}\` at module level: mutable module state`,
            hint: HINT,
          });
          return;
        }
        for (const { id, init } of node.declarations) {
          if (init === null || !makesObject(init)) continue;
          for (const name of patternNames(id)) objects.add(name);
        }
      },
      PropertyDefinition(node) {
        if (!node.static || node.readonly || node.declare) return;
        context.report({
          node,
          message: "`static` field without `readonly`: mutable module state",
          hint: HINT,
        });
      },
      AssignmentExpression(node) {
        if (node.left.type === "MemberExpression") note(node.left, node);
      },
      UpdateExpression(node) {
        if (node.argument.type === "MemberExpression") {
          note(node.argument, node);
        }
      },
      UnaryExpression(node) {
        if (node.operator === "delete") note(node.argument, node);
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression") return;
        if (callee.property.type !== "Identifier") return;
        if (CHANGES.has(callee.property.name)) note(callee.object, node);
        const into = node.arguments[0];
        if (
          into !== undefined && callee.property.name === "assign" &&
          rootName(callee.object) === "Object"
        ) note(into, node);
      },
      "Program:exit"() {
        for (const { name, node } of changed) {
          if (!objects.has(name)) continue;
          if (declaringScope(node, name) !== "Program") continue;
          context.report({
            node,
            message: `\`${name}\` changes after loading: mutable module state`,
            hint: HINT,
          });
        }
      },
    };
  },
};

/** Whether a declaration stands in the module itself, exported or not. */
function isAtModuleLevel({ parent }: Deno.lint.VariableDeclaration): boolean {
  return parent.type === "Program" ||
    (parent.type === "ExportNamedDeclaration" &&
      parent.parent.type === "Program");
}

/** Whether an initialiser makes an object that could be changed later. */
function makesObject(init: Node): boolean {
  switch (init.type) {
    case "NewExpression":
    case "ArrayExpression":
    case "ObjectExpression":
      return true;
    case "CallExpression":
      return init.callee.type === "MemberExpression";
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
      return makesObject(init.expression);
    default:
      return false;
  }
}

/** `a` of `a.b[c].d`; null where the object is no plain name. */
function rootName(node: Node): string | null {
  let at = node;
  for (;;) {
    if (at.type === "MemberExpression") at = at.object;
    else if (at.type === "TSNonNullExpression") at = at.expression;
    else break;
  }
  return at.type === "Identifier" ? at.name : null;
}
