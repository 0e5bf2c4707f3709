import { createHash, createHmac } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import { canonical, digest } from "./canonical";
import { readFileWithin } from "./text-file";

/**
 * What a run of the program asks clearance for, in digests: whatever could change the outcome without changing a
 * resource's declared inputs first. The program and the pack make it independently and the two must be equal; an
 * approval names its digest. It holds no secret and no time, so that two previews of the same thing ask the same.
 */
export interface Request {
  readonly stack: string;
  /** sha256 of the rollout plan's text. */
  readonly plan: Digest;
  /** sha256 of the trust file's text. */
  readonly trust: Digest;
  /** Digest over the calendar files that the plan names; absent where it names none. */
  readonly calendars?: Digest;
  /** Digest over the project's code: a change of one byte of it is another request. */
  readonly program: Digest;
  /** Digest of every configuration value that is no secret, and of the names of those that are. */
  readonly configuration: Digest;
  /** Keyed hash of the secrets' values; absent where there are none. */
  readonly secrets?: Digest;
}

/** The configuration as Pulumi hands it to a program and to a pack alike. */
export interface RawConfiguration {
  /** "holdpoint:plan" → value; objects as JSON text; secrets in the clear. */
  readonly values: Readonly<Record<string, string>>;
  /** Keys whose values are secret. */
  readonly secretKeys: readonly string[];
}

/** The secret under which the other secrets are hashed: without it a short secret could be guessed from its hash. */
export const DIGEST_KEY = "holdpoint:digestKey";

/**
 * The request of one run.
 * @param calendars digest of the calendar files that the plan names
 * @throws HoldpointError `file-missing` for an absent plan or trust file, `secret-unbound` for secrets without a key
 */
export function makeRequest(root: string, stack: string, configuration: RawConfiguration, calendars?: Digest): Request {
  const secrets = hashSecrets(configuration);
  return {
    stack,
    plan: fileDigest(root, "plan", configuration),
    trust: fileDigest(root, "trust", configuration),
    ...(calendars === undefined ? {} : { calendars }),
    program: programDigest(root),
    configuration: digest(canonical(openValues(configuration))),
    ...(secrets === undefined ? {} : { secrets }),
  };
}

/** The digest that approvals and records name. */
export function requestDigest(request: Request): Digest {
  return digest(canonical(request));
}

/**
 * The digest of what runs: program, plan, configuration and secrets, but for the baseline. Making a release the baseline
 * changes nothing of it, and neither does who is trusted.
 */
export function contentDigest({ stack, plan, program, secrets }: Request, configuration: RawConfiguration): Digest {
  const values = Object.entries(openValues(configuration)).filter(([key]) => key !== "holdpoint:baseline");
  return digest(canonical({ stack, plan, program, secrets: secrets ?? null, values: Object.fromEntries(values) }));
}

/** A path of the configuration: relative ones count from the project's root. An evidence store may be a bucket. */
export function configuredPath(root: string, path: string): string {
  return isAbsolute(path) || path.startsWith("s3://") ? path : join(root, path);
}

function openValues({ values, secretKeys }: RawConfiguration): Record<string, string | null> {
  const secret = new Set(secretKeys);
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, secret.has(key) ? null : value]));
}

function hashSecrets({ values, secretKeys }: RawConfiguration): Digest | undefined {
  const hashed = secretKeys.filter((key) => key !== DIGEST_KEY && values[key] !== undefined).sort();
  if (hashed.length === 0) return undefined;
  const key = values[DIGEST_KEY];
  if (key === undefined || key.length < 32 || !secretKeys.includes(DIGEST_KEY)) {
    throw new HoldpointError(
      "secret-unbound",
      `the stack has secrets (${hashed.join(", ")}) but no secret "${DIGEST_KEY}" of at least 32 characters to bind them to approvals`,
      { remedy: `node -p "crypto.randomBytes(32).toString('hex')" | pulumi config set --secret ${DIGEST_KEY}` },
    );
  }
  return createHmac("sha256", key)
    .update(canonical(hashed.map((name) => [name, values[name]])))
    .digest("hex");
}

function fileDigest(root: string, name: "plan" | "trust", configuration: RawConfiguration): Digest {
  const path = configuration.values[`holdpoint:${name}`];
  if (path === undefined) {
    throw new HoldpointError("config-invalid", `holdpoint:${name} is not set; wanted the path of the ${name} file`, {
      remedy: `pulumi config set holdpoint:${name} <path>`,
    });
  }
  const remedy = `write it, or point at it: pulumi config set holdpoint:${name} <path>`;
  return digest(readFileWithin(configuredPath(root, path), { what: `the ${name} file "${path}"`, remedy }));
}

/** Code that decides what a run does. Stack files are digested as configuration; plan and trust on their own. */
const CODE = /\.(?:ts|cts|mts|js|cjs|mjs)$/;
const CODE_FILES = new Set(["package.json", "package-lock.json", "Pulumi.yaml"]);
/** Folders that no run loads code from: dependencies are bound by the lock file, builds are made from the code. */
const NOT_CODE = new Set(["node_modules", "build", "dist", "test", "bench", "docs", "coverage"]);

/** Digest over names and contents of the project's code. Links are not followed: what they name is bound by name. */
export function programDigest(root: string): Digest {
  const hash = createHash("sha256");
  for (const file of codeFiles(root, "").sort()) {
    const content = readFileSync(join(root, file));
    // The length keeps names and contents apart.
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** @param folder below the root, "" or ending in "/" */
function codeFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      return entry.name.startsWith(".") || NOT_CODE.has(entry.name) ? [] : codeFiles(root, `${path}/`);
    }
    const isCode = CODE.test(entry.name) || (folder === "" && CODE_FILES.has(entry.name));
    return isCode && entry.isFile() ? [path] : [];
  });
}
