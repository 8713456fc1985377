/**
 * A machine stops by unwinding the kernel's JavaScript, which `finally`,
 * `using` and `catch` would answer with code of their own. So kernel code has
 * none of them; `src/kernel/sync` alone may catch, and throws the machine's
 * unwind token on before it does anything else (docs/design.md, "A hosted
 * kernel").
 *
 * @module
 */

import { isSource, projectPath } from "./project.ts";

/** The rule `lockstep/no-unwind-handler`. */
export const noUnwindHandler: Deno.lint.Rule = {
  create(context) {
    const path = projectPath(context.filename);
    if (!isSource(path) || !path.startsWith("src/kernel/")) return {};
    const mayCatch = /^src\/kernel\/sync(\/|\.ts$)/.test(path);
    return {
      TryStatement(node) {
        if (node.finalizer === null) return;
        context.report({
          node: node.finalizer,
          message: "`finally` in kernel code: it would run while unwinding",
        });
      },
      VariableDeclaration(node) {
        if (!node.kind.endsWith("using")) return;
        context.report({
          node,
          message: "`using` in kernel code: it would run while unwinding",
        });
      },
      CatchClause(node) {
        if (!mayCatch) {
          context.report({
            node,
            message: "`catch` in kernel code: it would catch the unwinding",
          });
        } else if (!rethrowsFirst(node)) {
          context.report({
            node,
            message: "This `catch` must begin by throwing the unwind token on",
            hint: "Begin with `if (isUnwind(error)) throw error;`",
          });
        }
      },
    };
  },
};

/** Whether a handler begins with `if (… error …) throw error` or throws it always. */
function rethrowsFirst(node: Deno.lint.CatchClause): boolean {
  const { param } = node;
  if (param?.type !== "Identifier") return false;
  let first: Deno.lint.Node | undefined = node.body.body[0];
  if (first?.type === "IfStatement") first = first.consequent;
  if (first?.type === "BlockStatement") first = first.body[0];
  return first?.type === "ThrowStatement" &&
    first.argument.type === "Identifier" && first.argument.name === param.name;
}
