/**
 * The configuration of one stack, checked as a whole before the engine is asked for anything. Pure: the program, the
 * policy pack and the command line read the same settings.
 */
import { z } from "zod";
import { HoldpointError } from "../rollout/errors";
import { canaryStack, stackName, type StackName } from "../rollout/stacks";
import {
  mistakesError,
  mistakesOf,
  readYaml,
  type Mistake,
  type Path,
  type Position,
  type YamlSource,
  valueAt,
} from "../rollout/yaml";
import {
  canarySchema,
  operationCanarySchema,
  operationRouteSchema,
  routeSchema,
  type RouteSettings,
} from "./settings/canary";
import { commonShape } from "./settings/common";
import {
  errorTrackingSchema,
  loggingSchema,
  onCallSchema,
  rdfStoreSchema,
  signingSchema,
  telemetrySchema,
  vaultSchema,
} from "./settings/additions";
import { environmentSchema } from "./settings/environment";
import { flagsSchema } from "./settings/flags";
import { monitoringSchema } from "./settings/monitoring";
import { AUTH_TOKEN, redisSchema } from "./settings/redis";
import { secretsSchema } from "./settings/secrets";
import { region } from "./settings/values";
import { wafSchema } from "./settings/waf";

/** Namespace of our own keys in the configuration, and the project's name. */
export const PROJECT = "holdpoint";

/** Keys whose values are secrets: they are checked here and stay out of the settings. */
const SECRET_KEYS: readonly string[] = ["digestKey", "redisAuthToken"];

/** The secret that both kinds of stack may have. */
const secretShape = {
  /** Key of the keyed hash of all other secrets. */
  digestKey: z.string({ error: "a secret text" }).min(16, { error: "a secret of at least 16 characters" }).optional(),
};

/**
 * The Kubernetes provider deletes a ConfigMap or a Secret whose data change, and makes it anew, unless it is told not
 * to (pulumi/pulumi-kubernetes#1567): the kill switch would be gone in between, or, being protected, could not be
 * switched at all. A key of the provider's own, so that its other keys (context, kubeconfig) work as everywhere.
 */
const inPlace = z.literal(true, { error: "true, or the provider replaces what must be changed in place" });

const stageShape = {
  ...commonShape,
  ...secretShape,
  "kubernetes:enableConfigMapMutable": inPlace,
  "kubernetes:enableSecretMutable": inPlace,
  redisAuthToken: z
    .string({ error: "a secret text" })
    .regex(AUTH_TOKEN, { error: "a secret of 16 to 128 letters, digits and !&#$^<>-" })
    .optional(),
  "aws:region": region,
  environment: environmentSchema,
  waf: wafSchema,
  redis: redisSchema,
  secrets: secretsSchema,
  monitoring: monitoringSchema,
  // What a stage has only if it has a section for it.
  flags: flagsSchema.optional(),
  telemetry: telemetrySchema.optional(),
  logging: loggingSchema.optional(),
  errorTracking: errorTrackingSchema.optional(),
  onCall: onCallSchema.optional(),
  rdfStore: rdfStoreSchema.optional(),
  signing: signingSchema.optional(),
  vault: vaultSchema.optional(),
};

const canaryShape = {
  ...commonShape,
  ...secretShape,
  "kubernetes:enableConfigMapMutable": inPlace,
  canary: canarySchema,
  route: routeSchema,
};

const operationShape = {
  ...canaryShape,
  canary: operationCanarySchema,
  route: operationRouteSchema,
};

/** Keys of the providers' own namespaces that we insist on; all others are none of our business. */
const PROVIDER_KEYS = {
  stage: Object.keys(stageShape).filter((key) => key.includes(":")),
  canary: Object.keys(canaryShape).filter((key) => key.includes(":")),
};

const stageSchema = z.strictObject(stageShape);
const canaryStackSchema = z.strictObject(canaryShape);
const operationStackSchema = z.strictObject(operationShape);

/** Secrets, and the keys of providers: checked, and no part of the settings. */
type Unkept = keyof typeof secretShape | "redisAuthToken" | `${string}:${string}`;
type WithoutSecrets<T> = { [K in keyof T as K extends Unkept ? never : K]: T[K] };

interface Head {
  /** Name of the stack, `production-canary`. */
  readonly stack: string;
  /** The stage that it belongs to, `production`. */
  readonly stage: string;
}

/** Settings of a stage stack: one section for each component. */
export type StageSettings = Head & { readonly kind: "stage"; readonly region: string } & Readonly<
    WithoutSecrets<z.infer<typeof stageSchema>>
  >;

/** Settings of a canary stack. */
export type CanaryStackSettings = Head & {
  readonly kind: "canary";
  /** Of a stack for one operation alone. */
  readonly operation?: string;
} & Readonly<Omit<WithoutSecrets<z.infer<typeof canaryStackSchema>>, "route">> & { readonly route: RouteSettings };

export type Settings = StageSettings | CanaryStackSettings;

/** A stack's configuration as it is found. */
export interface RawSettings {
  /** Name of the stack alone, `production`. */
  readonly stack: string;
  /** As Pulumi gives it: `namespace:key` → text; maps and lists as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** The stack's file, for the places of mistakes. */
  readonly file?: { readonly path: string; readonly text: string };
}

/**
 * Which kind of stack a name means, of which stage, and of which operation.
 * @throws HoldpointError `stack-unknown`
 */
export function stackKind(stack: string): StackName {
  const name = stackName(stack);
  if (name !== undefined) return name;
  throw new HoldpointError(
    "stack-unknown",
    `found the stack "${stack}", expected "<stage>", "${canaryStack("<stage>")}" or "${canaryStack("<stage>", "<operation>")}"`,
    { remedy: "pulumi stack select production" },
  );
}

/**
 * Settings of a stack.
 * @throws HoldpointError `config-invalid` with every mistake, each with its place in the stack's file where there is one;
 *   `stack-unknown` for a name that is no stage's; `yaml-syntax` for a file that is no YAML
 */
export function parseSettings(raw: RawSettings): Settings {
  const { kind, stage, operation } = stackKind(raw.stack);
  const source = sourceOf(raw);
  const schema = kind === "stage" ? stageSchema : operation === undefined ? canaryStackSchema : operationStackSchema;
  const result = schema.safeParse(source.data);
  const mistakes = [
    ...(result.success ? [] : mistakesOf(result.error, source, schema)).map((mistake) =>
      elsewhere(mistake, kind, stage),
    ),
    ...missingToken(source.data, kind),
    ...unknownSecrets(source.data),
    ...openSecrets(source),
  ];
  if (!result.success || mistakes.length > 0) throw refusal(mistakes, source, raw);

  const kept = Object.entries(result.data).filter(([key]) => !SECRET_KEYS.includes(key) && !key.includes(":"));
  const region = kind === "stage" ? { region: raw.config["aws:region"] } : {};
  const whose = operation === undefined ? {} : { operation };
  return { stack: raw.stack, stage, kind, ...whose, ...region, ...Object.fromEntries(kept) } as Settings;
}

/** A key that belongs to the other kind of stack is told where it belongs. */
function elsewhere(mistake: Mistake, kind: Settings["kind"], stage: string): Mistake {
  const other: object = kind === "stage" ? canaryShape : stageShape;
  if (mistake.path.length > 0 || mistake.key === undefined || !Object.hasOwn(other, mistake.key)) return mistake;
  const stack = kind === "stage" ? canaryStack(stage) : stage;
  return { ...mistake, found: `the key "${mistake.key}"`, expected: `it in Pulumi.${stack}.yaml only` };
}

/** The one secret that depends on another value. */
function missingToken(data: unknown, kind: Settings["kind"]): Mistake[] {
  const { redis, redisAuthToken } = data as { redis?: { kind?: unknown } | null; redisAuthToken?: unknown };
  if (kind !== "stage" || redis?.kind !== "elasticache" || redisAuthToken !== undefined) return [];
  const command = `pulumi config set --secret ${PROJECT}:redisAuthToken`;
  return [
    {
      path: ["redis", "kind"],
      found: '"elasticache" without its secret "redisAuthToken"',
      expected: `it set: ${command}`,
    },
  ];
}

/** Where a section names one of the stage's secrets. */
const NAMED_SECRETS: readonly Path[] = [
  ["telemetry", "backend", "key"],
  ["errorTracking", "dsn"],
  ["onCall", "key"],
];

/** Secrets that are used and not there: a pod would wait for them for ever. */
function unknownSecrets(data: unknown): Mistake[] {
  const names = valueAt(data, ["secrets", "names"]);
  if (!Array.isArray(names)) return [];
  return NAMED_SECRETS.flatMap((path) => {
    const name = valueAt(data, path);
    return typeof name !== "string" || names.includes(name)
      ? []
      : [{ path, expected: `one of secrets.names: ${names.join(", ")}` }];
  });
}

/** A secret that stands in the file as it is: whoever reads the repository has it. */
function openSecrets(source: StackSource): Mistake[] {
  return SECRET_KEYS.filter((key) => typeof source.written(key) === "string").map((key) => ({
    path: [key],
    found: "a secret in plain text",
    expected: `it encrypted, and changed since it was readable: pulumi config set --secret ${PROJECT}:${key}`,
  }));
}

function refusal(mistakes: readonly Mistake[], source: YamlSource, raw: RawSettings): HoldpointError {
  const remedy = `mend ${source.file}; docs/configuration.md has every key`;
  const error = mistakesError("config-invalid", mistakes.map(hideSecret), source, { remedy });
  if (raw.file !== undefined) return error;
  // Without the file there are no places to name.
  return new HoldpointError("config-invalid", error.message.replaceAll(`${source.file}:1:1: `, `${source.file}: `), {
    remedy,
  });
}

/** Values of secrets are never shown. */
function hideSecret(mistake: Mistake): Mistake {
  const secret = SECRET_KEYS.includes(String(mistake.path[0]));
  return secret && mistake.found === undefined ? { ...mistake, found: "another secret" } : mistake;
}

interface StackSource extends YamlSource {
  /** One of our keys as the stack's file has it, undefined where there is none. */
  written(key: string): unknown;
}

/** Our keys of the configuration as one tree, with the places they have in the stack's file. */
function sourceOf(raw: RawSettings): StackSource {
  const data: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw.config)) {
    if (key.startsWith(`${PROJECT}:`)) data[key.slice(PROJECT.length + 1)] = plain(value, key);
    else if (PROVIDER_KEYS[stackKind(raw.stack).kind].includes(key)) data[key] = plain(value, key);
  }
  // Only a mistake needs a place, and reading it for places costs more than all the rest.
  let read: YamlSource | undefined;
  const file = () => (raw.file === undefined ? undefined : (read ??= readYaml(raw.file.text, raw.file.path)));
  const name = raw.file?.path ?? `Pulumi.${raw.stack}.yaml`;
  const nowhere: Position = { line: 1, column: 1 };
  const position = (path: Path) => file()?.position(inFile(path)) ?? nowhere;
  return {
    file: name,
    data,
    written: (key) => (isSealed(raw, key) ? undefined : valueAt(file()?.data, inFile([key]))),
    position,
    keyPosition: (path, key) =>
      (path.length === 0 ? file()?.keyPosition(["config"], fileKey(key)) : file()?.keyPosition(inFile(path), key)) ??
      nowhere,
    lineOf: (path) => file()?.lineOf(inFile(path)) ?? nowhere.line,
  };
}

/** Whether a key is encrypted as the engine writes it, or not in the file at all; anything else is read with care. */
function isSealed({ file }: RawSettings, key: string): boolean {
  const name = `${PROJECT}:${key}`;
  if (file === undefined || !file.text.includes(name)) return true;
  // Comments may name it too: those of the files that we ship say how it is set.
  const text = file.text.replace(/^[ \t]*#.*$/gm, "");
  return text.split(name).length === 2 && new RegExp(`^ *"?${name}"?:\\r?\\n +secure: `, "m").test(text);
}

function inFile([first, ...rest]: Path): Path {
  return first === undefined ? ["config"] : ["config", fileKey(String(first)), ...rest];
}

function fileKey(key: string): string {
  return key.includes(":") ? key : `${PROJECT}:${key}`;
}

const TEXT_KEYS: readonly string[] = [
  "plan",
  "trust",
  "evidence",
  "prometheus",
  "sandbox",
  "digestKey",
  "redisAuthToken",
];

/** Pulumi gives maps, lists and flags as JSON; texts as they are. */
function plain(value: string, key: string): unknown {
  if (TEXT_KEYS.includes(key.slice(PROJECT.length + 1))) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
