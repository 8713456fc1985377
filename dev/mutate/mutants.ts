/**
 * Small changes of a source file, each of which a good test should notice:
 * operators, constants, conditions.
 *
 * What only words a message is left alone: arguments of what is thrown, and
 * templates.
 *
 * @module
 */

import ts from "typescript";

/** What kind of thing a mutant changes. */
export type MutantKind = "operator" | "constant" | "condition";

/** One change of one file. */
export interface Mutant {
  /** The file, from the root of the project. */
  readonly path: string;
  /** Where the change begins, in UTF-16 units. */
  readonly start: number;
  /** Where what is replaced ends. */
  readonly end: number;
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
  /** The line's text, without space around it. */
  readonly text: string;
  /** What it changes. */
  readonly kind: MutantKind;
  /** What stands there. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

/** Each binary operator and what replaces it. */
const BINARY: ReadonlyMap<string, string> = new Map([
  ["+", "-"],
  ["-", "+"],
  ["*", "/"],
  ["/", "*"],
  ["%", "*"],
  ["&", "|"],
  ["|", "&"],
  ["^", "|"],
  ["<<", ">>"],
  [">>", "<<"],
  [">>>", "<<"],
  ["<", "<="],
  ["<=", "<"],
  [">", ">="],
  [">=", ">"],
  ["===", "!=="],
  ["!==", "==="],
  ["&&", "||"],
  ["||", "&&"],
  ["+=", "-="],
  ["-=", "+="],
  ["*=", "/="],
  ["|=", "&="],
  ["&=", "|="],
  ["^=", "|="],
  ["<<=", ">>="],
  [">>=", "<<="],
  [">>>=", "<<="],
]);

/**
 * All mutants of a file, in the order of the text.
 *
 * @param path its path, from the root of the project
 * @param text its text
 * @returns the mutants
 */
export function mutantsOf(path: string, text: string): Mutant[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const lines = text.split("\n");
  const mutants: Mutant[] = [];
  const add = (
    start: number,
    end: number,
    kind: MutantKind,
    to: string,
  ): void => {
    const at = file.getLineAndCharacterOfPosition(start);
    mutants.push({
      path,
      start,
      end,
      line: at.line + 1,
      column: at.character + 1,
      text: lines[at.line]!.trim(),
      kind,
      from: text.slice(start, end),
      to,
    });
  };
  const condition = (node: ts.Expression, isLoop: boolean): void => {
    if (isBoolean(node)) return;
    const [start, end] = [node.getStart(file), node.end];
    add(start, end, "condition", "false");
    if (!isLoop) add(start, end, "condition", "true");
  };
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return;
    if (ts.isBinaryExpression(node)) {
      const { operatorToken } = node;
      const to = BINARY.get(operatorToken.getText(file));
      if (to !== undefined && !isText(node.left) && !isText(node.right)) {
        add(operatorToken.getStart(file), operatorToken.end, "operator", to);
      }
    } else if (ts.isPrefixUnaryExpression(node)) {
      const start = node.getStart(file);
      const operand = node.operand.getStart(file);
      const from = text.slice(start, operand);
      const to = from === "++" ? "--" : from === "--" ? "++" : "";
      if (from !== "+") add(start, operand, "operator", to);
    } else if (ts.isPostfixUnaryExpression(node)) {
      const from = text.slice(node.operand.end, node.end);
      const to = from === "++" ? "--" : "++";
      add(node.operand.end, node.end, "operator", to);
    } else if (ts.isNumericLiteral(node)) {
      add(node.getStart(file), node.end, "constant", plusOne(node));
    } else if (isBoolean(node)) {
      const to = node.kind === ts.SyntaxKind.TrueKeyword ? "false" : "true";
      add(node.getStart(file), node.end, "constant", to);
    } else if (ts.isIfStatement(node)) condition(node.expression, false);
    else if (ts.isConditionalExpression(node)) condition(node.condition, false);
    else if (ts.isWhileStatement(node)) condition(node.expression, true);
    else if (ts.isForStatement(node) && node.condition) {
      condition(node.condition, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return mutants;
}

/**
 * The text of a file with one change.
 *
 * @param text the file's text
 * @param mutant the change
 * @returns the changed text
 */
export function mutated(text: string, { start, end, to }: Mutant): string {
  return text.slice(0, start) + to + text.slice(end);
}

function isLeftAlone(node: ts.Node): boolean {
  return ts.isTypeNode(node) || ts.isThrowStatement(node) ||
    ts.isTemplateExpression(node) || ts.isImportDeclaration(node) ||
    ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function isBoolean(node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword;
}

/** Whether an operand is text for people, so that `+` joins. */
function isText(node: ts.Node): boolean {
  return ts.isStringLiteral(node) || ts.isTemplateExpression(node) ||
    ts.isNoSubstitutionTemplateLiteral(node);
}

function plusOne(node: ts.NumericLiteral): string {
  const value = Number(node.text);
  return value === 2 ** 53 ? "0" : String(value + 1);
}
