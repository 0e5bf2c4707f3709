/**
 * What an editor shows of a key while a plan is written: the docstrings of the zod schemas, put into the JSON Schema where it is
 * made. They are read from the sources, so that no run of the product has to carry them.
 */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";

/** An object of the schemas: its keys with what is said of them. */
interface Literal {
  readonly words: string;
  readonly kind: string | undefined;
  readonly keys: ReadonlyMap<string, string>;
}

interface Source {
  readonly literals: { readonly node: ts.ObjectLiteralExpression; readonly words: string }[];
  /** Objects that others spread, by the name of their constant. */
  readonly named: Map<string, ts.ObjectLiteralExpression>;
}

/** Puts into each object of a JSON Schema what the sources say of its keys. */
export function withWords<T>(schema: T): T {
  const all = literals();
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== "object" || node === null) return node;
    const seen = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, visit(value)]));
    return isObject(seen) ? described(seen, all) : seen;
  };
  return visit(schema) as T;
}

interface ObjectSchema {
  readonly type: "object";
  readonly properties: Record<string, { readonly const?: unknown; readonly description?: string }>;
}

const isObject = (node: object): node is ObjectSchema =>
  "type" in node && node.type === "object" && "properties" in node;

function described(node: ObjectSchema, all: readonly Literal[]): ObjectSchema {
  const keys = Object.keys(node.properties).sort().join();
  const kind = node.properties["kind"]?.const;
  const found = all.filter((one) => one.kind === kind && [...one.keys.keys()].sort().join() === keys);
  const said = (key: string): string => {
    const words = new Set(found.map((one) => (key === "kind" ? one.words : (one.keys.get(key) ?? ""))));
    // Two objects with the same keys that say different things: neither may speak for the other.
    return words.size === 1 ? [...words].join() : "";
  };
  const properties = Object.entries(node.properties).map(([key, value]) => {
    const words = said(key);
    return [key, words === "" ? value : { ...value, description: words }];
  });
  return { ...node, properties: Object.fromEntries(properties) as ObjectSchema["properties"] };
}

function literals(): readonly Literal[] {
  const files = ["rollout/plan.ts", ...readdirSync("rollout/plan").map((file) => `rollout/plan/${file}`)];
  const source: Source = { literals: [], named: new Map() };
  for (const file of files)
    collect(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true), source);
  return source.literals.map(({ node, words }) => {
    const keys = keysOf(node, source);
    return { words, kind: kindOf(node), keys };
  });
}

/** Every object literal that is an argument of a schema, or that a constant names for others to spread. */
function collect(node: ts.Node, source: Source): void {
  if (ts.isObjectLiteralExpression(node)) {
    const { parent } = node;
    if (ts.isCallExpression(parent) && /\b(?:strictObject|object|extend)$/.test(parent.expression.getText()))
      source.literals.push({ node, words: wordsOf(statementOf(parent)) });
    if (ts.isVariableDeclaration(parent)) source.named.set(parent.name.getText(), node);
  }
  ts.forEachChild(node, (child) => {
    collect(child, source);
  });
}

/** The constant that a schema is the whole value of; a schema inside of another has no words of its own. */
function statementOf(call: ts.Node): ts.Node | undefined {
  const declaration = call.parent;
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : undefined;
}

function keysOf(node: ts.ObjectLiteralExpression, source: Source): Map<string, string> {
  const keys = new Map<string, string>();
  for (const property of node.properties) {
    if (ts.isSpreadAssignment(property)) {
      const spread = source.named.get(property.expression.getText());
      for (const [key, words] of spread === undefined ? [] : keysOf(spread, source)) keys.set(key, words);
    } else keys.set(property.name?.getText() ?? "", wordsOf(property));
  }
  return keys;
}

/** The literal of its key `kind`, by which a criterion's schema is known. */
function kindOf(node: ts.ObjectLiteralExpression): string | undefined {
  const kind = node.properties.find((property) => property.name?.getText() === "kind");
  return /z\.literal\("([^"]+)"\)/.exec(kind?.getText() ?? "")?.[1];
}

/** A node's docstring as one line. */
function wordsOf(node: ts.Node | undefined): string {
  if (node === undefined) return "";
  const text = node.getSourceFile().text.slice(node.getFullStart(), node.getStart());
  const last = [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].at(-1)?.[1] ?? "";
  return last
    .replace(/^\s*\*/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}
