/**
 * A stack's configuration file, `Pulumi.<stack>.yaml`: read without the engine, and edited at single values so that
 * comments, order and layout stay as the team wrote them.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { isMap, isScalar, parseDocument, type Document } from "yaml";
import { readTextFile } from "../evidence/text-file";
import { canonical } from "../rollout/canonical";
import { HoldpointError } from "../rollout/errors";
import type { Release } from "../rollout/release";
import { canaryStack, stackName, type StackName } from "../rollout/stacks";
import { nearest, readWhole } from "../rollout/yaml";
import { replaceFile } from "./write-file";

/** The settings that commands read; everything else is the program's to check. */
export interface StackSettings {
  readonly plan?: string;
  readonly trust?: string;
  readonly evidence?: string;
  readonly prometheus?: string;
  readonly sandbox?: string;
  readonly release?: Release;
  readonly baseline?: Release;
  readonly weight?: number;
}

/** A stack file as it was read. */
export interface StackFile {
  readonly stack: string;
  readonly path: string;
  readonly text: string;
  /** Everything below `config`, each key with its namespace. */
  readonly config: StackConfig;
  readonly settings: StackSettings;
}

/** A stack's configuration: "holdpoint:release" → plain data. Secrets stand there encrypted, as `{ secure: … }`. */
export type StackConfig = Readonly<Record<string, unknown>>;

/** One value to be set, by its keys below `config`: `["holdpoint:canary", "weight"]`; `undefined` takes it away. */
export type Edit = readonly [path: readonly [string, ...string[]], value: unknown];

/** Path of a stack's file. */
export function stackFilePath(root: string, stack: string): string {
  return join(root, `Pulumi.${stack}.yaml`);
}

/**
 * Reads a stack's file.
 * @throws HoldpointError `stack-unknown`, `file-unreadable`, `file-too-large`, `yaml-syntax`
 */
export function readStackFile(root: string, stack: string): StackFile {
  const path = stackFilePath(root, stack);
  const text = readText(root, stack, path);
  const config = configOf(parse(text, path));
  return { stack, path, text, config, settings: settingsOf(config) };
}

/**
 * Sets values in a stack's file. What is there already is left alone, and an unchanged file is not written.
 * @returns whether the file was changed
 */
export function editStackFile(root: string, stack: string, edits: readonly Edit[]): boolean {
  const { path, text } = readStackFile(root, stack);
  const changed = edits.reduce((before, edit) => setValue(before, path, edit), text);
  if (changed === text) return false;
  replaceFile(path, changed);
  return true;
}

/**
 * The edits that turn one configuration into another, each as small as can be. Secrets are left as they are: what is
 * wanted does not hold them.
 */
export function editsBetween(now: StackConfig, wanted: StackConfig): Edit[] {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(wanted)])].filter((key) => !isSecret(now[key]));
  return keys.flatMap((key) => differences([key], unpacked(now[key]), unpacked(wanted[key])));
}

/** Names of the stages that the project has stack files of. */
export function stagesOf(root: string): string[] {
  return canaryFiles(root)
    .filter(({ operation }) => operation === undefined)
    .map(({ stage }) => stage)
    .sort();
}

/** A canary stack of a stage: the whole service's, or one operation's. */
export interface CanaryStack {
  readonly stack: string;
  readonly operation?: string;
}

/** Every canary stack of a stage: the whole service's first, then those of its operations that have a file. */
export function canaryStacksOf(root: string, stage: string): readonly CanaryStack[] {
  const operations = canaryFiles(root).flatMap((file) =>
    file.stage === stage && file.operation !== undefined ? [file.operation] : [],
  );
  return [
    { stack: canaryStack(stage) },
    ...operations.sort().map((operation) => ({ stack: canaryStack(stage, operation), operation })),
  ];
}

function canaryFiles(root: string): StackName[] {
  return readdirSync(root).flatMap((file) => {
    const name = stackName(/^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? "");
    return name?.kind === "canary" ? [name] : [];
  });
}

/**
 * Sets one value in a stack file's text. A plain value that is there is replaced in its place, byte by byte around it;
 * only for another shape the YAML library writes the document anew, with its comments.
 */
export function setValue(text: string, file: string, [path, value]: Edit): string {
  const document = parse(text, file);
  const whole = ["config", keyOf(document, path[0]), ...path.slice(1)];
  const found: unknown = document.getIn(whole, true);
  if (isScalar(found) && found.value === value) return text;
  if (isScalar(found) && found.range && isPlainValue(value) && IN_PLACE.has(found.type ?? "")) {
    const [from, to] = found.range;
    const quoted = found.type !== "PLAIN";
    return (
      text.slice(0, from) +
      (quoted && typeof value === "string" ? JSON.stringify(value) : written(value)) +
      text.slice(to)
    );
  }
  openJson(document, whole);
  if (value === undefined) document.deleteIn(whole);
  else document.setIn(whole, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

/** How a value may be written for another to be put exactly into its place; a block of lines may not. */
const IN_PLACE: ReadonlySet<string> = new Set(["PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE"]);

function isPlainValue(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function differences(path: readonly [string, ...string[]], now: unknown, wanted: unknown): Edit[] {
  if (isTree(now) && isTree(wanted)) {
    const keys = [...new Set([...Object.keys(now), ...Object.keys(wanted)])];
    return keys.flatMap((key) => differences([...path, key], now[key], wanted[key]));
  }
  return canonical(now ?? null) === canonical(wanted ?? null) ? [] : [[path, wanted]];
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSecret(value: unknown): boolean {
  return isTree(value) && typeof value["secure"] === "string";
}

/** Configuration may hold a map as JSON text: it becomes the map that it says. */
function openJson(document: Document, whole: readonly string[]): void {
  const parent = whole.slice(0, -1);
  const node: unknown = document.getIn(parent, true);
  if (!isScalar(node)) return;
  const value = unpacked(node.value);
  if (typeof value === "object") document.setIn(parent, document.createNode(value));
  else document.deleteIn(parent);
}

/** A key of the project itself may stand without its namespace. */
function keyOf(document: Document, key: string): string {
  const config: unknown = document.get("config");
  const short = key.replace(/^holdpoint:/, "");
  return isMap(config) && !config.has(key) && config.has(short) ? short : key;
}

/** A value as it stands in YAML: plain where it reads back as itself, in a flow collection too; else as JSON text. */
function written(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const back = parseDocument(`[${value}]`, { version: "1.2", schema: "core", merge: false });
  return back.errors.length === 0 && JSON.stringify(back.toJS()) === JSON.stringify([value])
    ? value
    : JSON.stringify(value);
}

function readText(root: string, stack: string, path: string): string {
  try {
    return readTextFile(path, { what: basename(path) });
  } catch (error) {
    throw error instanceof HoldpointError && error.code === "file-missing" ? stackUnknown(root, stack, error) : error;
  }
}

/** Also those without a canary. */
function everyStageOf(root: string): string[] {
  const stages = readdirSync(root).flatMap(
    (file) => stackName(/^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? "")?.stage ?? [],
  );
  return [...new Set(stages)].sort();
}

function stackUnknown(root: string, stack: string, cause: unknown): HoldpointError {
  const stages = everyStageOf(root);
  const stage = stackName(stack)?.stage ?? stack;
  const near = nearest(stage, stages);
  const known = stages.length === 0 ? "the project has no stage" : `stages of this project: ${stages.join(", ")}`;
  const init = stages.length === 0 || near === stage;
  return new HoldpointError("stack-unknown", `found no Pulumi.${stack}.yaml; ${known}`, {
    remedy: init
      ? `write that file, then: pulumi stack init ${stack}`
      : near === undefined
        ? "name one of them"
        : `did you mean ${near}?`,
    cause,
  });
}

function parse(text: string, path: string): Document {
  const document = parseDocument(text, { version: "1.2", schema: "core", merge: false });
  const error = document.errors[0];
  if (error === undefined) return document;
  readWhole(text, basename(path)); // It says each mistake with its place.
  throw new HoldpointError("yaml-syntax", `${basename(path)}: ${error.message.split("\n")[0] ?? ""}`, { cause: error });
}

function configOf(document: Document): StackConfig {
  const { config } = (document.toJS({ maxAliasCount: 0 }) ?? {}) as { config?: unknown };
  if (!isTree(config)) return {};
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.includes(":") ? key : `holdpoint:${key}`, value]),
  );
}

function settingsOf(config: StackConfig): StackSettings {
  const get = (key: string): unknown => unpacked(config[`holdpoint:${key}`]);
  const text = (key: string): object => (typeof get(key) === "string" ? { [key]: get(key) } : {});
  const release = (key: "release" | "baseline"): object => (isRelease(get(key)) ? { [key]: get(key) } : {});
  const weight = (get("canary") as { weight?: unknown } | undefined)?.weight;
  return {
    ...text("plan"),
    ...text("trust"),
    ...text("evidence"),
    ...text("prometheus"),
    ...text("sandbox"),
    ...release("release"),
    ...release("baseline"),
    ...(typeof weight === "number" ? { weight } : {}),
  };
}

function isRelease(value: unknown): value is Release {
  const fields = value as Partial<Record<keyof Release, unknown>> | null | undefined;
  return typeof fields?.image === "string" && typeof fields.commit === "string";
}

function unpacked(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*\{/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
