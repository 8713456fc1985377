/**
 * Which names of a module are the host's: a small reading of JavaScript's
 * scopes, enough to tell the global `process` from a parameter of that name.
 *
 * @module
 */

type Node = Deno.lint.Node;
type Identifier = Deno.lint.Identifier;

/** A node of which only some fields matter here; each may be absent. */
interface Shape {
  readonly type: string;
  readonly parent?: Shape;
  readonly [field: string]: unknown;
}

/**
 * Whether `node` reads or names a variable or type that nothing in its module
 * declares. A property name, an object key or a declaration is no such use.
 */
export function isGlobalUse(node: Identifier): boolean {
  return isUse(node) && declaringScope(node, node.name) === null;
}

/** Whether an identifier stands for a variable or type, and not for a key. */
function isUse(node: Identifier): boolean {
  const at = shape(node);
  const parent = at.parent!;
  switch (parent.type) {
    case "MemberExpression":
      return parent.computed === true || !same(parent.property, at);
    case "Property":
    case "PropertyDefinition":
    case "AccessorProperty":
    case "MethodDefinition":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.computed === true || parent.shorthand === true ||
        !same(parent.key, at);
    case "TSEnumMember":
      return !same(parent.id, at);
    case "TSQualifiedName":
      return same(parent.left, at);
    case "ExportSpecifier":
      // `export { a as b }` uses a; `export { a } from "./a.ts"` nothing.
      return same(parent.local, at) &&
        (parent.parent?.source ?? null) === null;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "ImportAttribute":
    case "ExportAllDeclaration":
    case "MetaProperty":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "TSNamedTupleMember":
    case "TSTypePredicate":
      return same(parent.argument, at);
    case "TSFunctionType":
    case "TSCallSignatureDeclaration":
    case "TSConstructSignatureDeclaration":
    case "TSIndexSignature":
      return false; // The name of a parameter in a type.
    default:
      return true;
  }
}

/**
 * The type of the innermost scope around `node` that declares `name`:
 * `Program` for the module itself, null where nothing declares it.
 */
export function declaringScope(node: Node, name: string): string | null {
  for (let at: Shape | undefined = shape(node); at; at = at.parent) {
    for (const declared of declarations(at)) {
      if (declared === name) return at.type;
    }
  }
  return null;
}

/** Whether `node` stands in a function, and not in the module's own flow. */
export function isInFunction(node: Node): boolean {
  for (let at = shape(node).parent; at; at = at.parent) {
    if (/^(Function|ArrowFunction)/.test(at.type)) return true;
  }
  return false;
}

/** The names that `scope` itself declares. */
function* declarations(scope: Shape): Generator<string> {
  switch (scope.type) {
    case "Program":
    case "BlockStatement":
    case "StaticBlock":
    case "TSModuleBlock":
      for (const statement of list(scope.body)) yield* declared(statement);
      break;
    case "SwitchStatement":
      for (const clause of list(scope.cases)) {
        for (const statement of list(clause.consequent)) {
          yield* declared(statement);
        }
      }
      break;
    case "ForStatement":
      yield* declared(scope.init);
      break;
    case "ForInStatement":
    case "ForOfStatement":
      yield* declared(scope.left);
      break;
    case "CatchClause":
      yield* patternNames(scope.param);
      break;
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "TSDeclareFunction":
    case "TSEmptyBodyFunctionExpression":
      yield* patternNames(scope.id);
      for (const param of list(scope.params)) yield* patternNames(param);
      yield* typeParameters(scope);
      break;
    case "ClassDeclaration":
    case "ClassExpression":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      yield* patternNames(scope.id);
      yield* typeParameters(scope);
      break;
    case "TSFunctionType":
    case "TSMethodSignature":
    case "TSCallSignatureDeclaration":
      yield* typeParameters(scope);
      break;
  }
}

/** The names that one statement declares in the block that holds it. */
function* declared(value: unknown): Generator<string> {
  const node = shape(value);
  switch (node?.type) {
    case "ImportDeclaration":
      for (const specifier of list(node.specifiers)) {
        yield* patternNames(specifier.local);
      }
      break;
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      yield* declared(node.declaration);
      break;
    case "VariableDeclaration":
      for (const declarator of list(node.declarations)) {
        yield* patternNames(declarator.id);
      }
      break;
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSDeclareFunction":
    case "TSEnumDeclaration":
    case "TSInterfaceDeclaration":
    case "TSModuleDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSImportEqualsDeclaration":
      yield* patternNames(node.id);
      break;
  }
}

/** The names that a parameter, a declarator or a destructuring binds. */
export function* patternNames(value: unknown): Generator<string> {
  const node = shape(value);
  switch (node?.type) {
    case "Identifier":
      yield String(node.name);
      break;
    case "AssignmentPattern":
      yield* patternNames(node.left);
      break;
    case "RestElement":
      yield* patternNames(node.argument);
      break;
    case "ArrayPattern":
      for (const element of list(node.elements)) yield* patternNames(element);
      break;
    case "ObjectPattern":
      for (const property of list(node.properties)) {
        yield* patternNames(
          property.type === "Property" ? property.value : property,
        );
      }
      break;
    case "TSParameterProperty":
      yield* patternNames(node.parameter);
      break;
  }
}

function* typeParameters(node: Shape): Generator<string> {
  const parameters = shape(node.typeParameters);
  for (const parameter of list(parameters?.params)) {
    yield* patternNames(parameter.name);
  }
}

/** Whether two views of the tree are of one node: it has one place in the text. */
function same(value: unknown, node: Shape): boolean {
  const other = shape(value);
  const [a, b] = [other?.range, node.range];
  return other?.type === node.type && Array.isArray(a) && Array.isArray(b) &&
    a[0] === b[0] && a[1] === b[1];
}

function shape(value: Node): Shape;
function shape(value: unknown): Shape | undefined;
function shape(value: unknown): Shape | undefined {
  return (value ?? undefined) as Shape | undefined;
}

/** The elements of a field that holds a list; holes in it are skipped. */
function list(value: unknown): Shape[] {
  return Array.isArray(value) ? value.filter((node) => node !== null) : [];
}
