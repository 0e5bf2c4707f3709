/** Evidence from the command line: files, drills, items of a conditional sign-off, and what a waiver promised. */
import { readFileSync } from "node:fs";
import {
  attest,
  attestChanges,
  attestCheck,
  attestCondition,
  attestReview,
  attestRun,
  type Attested,
  type AttestBase,
  type AttestFiles,
} from "../evidence/attest";
import { attestArtifact } from "../evidence/attest-artifact";
import { EVIDENCE_KINDS } from "../evidence/predicates";
import { readEvidence } from "../evidence/read";
import { verifyArtifact } from "../evidence/signed-artifact";
import type { Subject } from "../evidence/statement";
import { parseInstant } from "../evidence/time";
import { machineClock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import type { EvidenceKind } from "../rollout/evidence";
import { choice } from "../rollout/yaml";
import type { FileOptions, Options, RunOptions } from "./commands/attest";
import type { Context, Outcome } from "./context";
import { openSigning, releaseOf, type Signing } from "./signing";

/** Attests files, a folder of runbooks, or that what an approval or a waiver asked for is done. */
export async function attestFiles(context: Context, files: readonly string[], options: FileOptions): Promise<Outcome> {
  const signing = await openSigning(context, options.stage, options);
  const base = attestBase(signing, options);
  if (options.condition !== undefined) return condition(context, signing, base, options.condition, files);
  const stored = await withoutFormat(signing, base, files, options);
  if (stored !== undefined) return told(context, signing, options.stage, stored);
  const kind = options.kind === undefined ? undefined : requireKind(options.kind);
  const { suite, environment, branch, scope, section, survey, satisfied, review, publicKey } = options;
  const done = await attest({
    ...base,
    files,
    root: process.cwd(),
    ...(kind === undefined ? {} : { kind }),
    ...(suite === undefined ? {} : { suite }),
    ...(environment === undefined ? {} : { environment }),
    ...(survey === undefined ? {} : { survey }),
    ...(satisfied === undefined ? {} : { satisfied }),
    ...(review === undefined ? {} : { review }),
    ...signedBy(signing, publicKey),
    ...(branch === undefined ? {} : { branch }),
    ...(scope === undefined ? {} : { scope }),
    ...(section === undefined ? {} : { sections: section }),
    ...time("finishedAt", "--finished-at", options.finishedAt),
    ...time("since", "--since", options.since),
    ...time("databaseUpdatedAt", "--database-updated", options.databaseUpdated),
    ...trigger(options.trigger),
  });
  return told(context, signing, options.stage, done);
}

/** Runs a drill and attests it. A drill that failed is stored too, and ends with exit code 1. */
export async function attestDrill(context: Context, command: readonly string[], options: RunOptions): Promise<Outcome> {
  const signing = await openSigning(context, options.stage, options);
  const { drill, verify } = options;
  const done = await attestRun({
    ...attestBase(signing, options),
    command,
    drill,
    cwd: context.root,
    ...(verify === undefined ? {} : { verify }),
    onOutput: context.terminal.pass,
  });
  const { result } = told(context, signing, options.stage, done);
  return { exitCode: done.outcome === "passed" ? 0 : 1, result: { ...result, outcome: done.outcome, took: done.took } };
}

/** What is attested without a report in a known format: a check, changes, a review by a report for people. */
async function withoutFormat(
  signing: Signing,
  base: AttestBase,
  files: readonly string[],
  options: FileOptions,
): Promise<Attested | undefined> {
  const { check, changesFrom, review, outcome } = options;
  if ((check !== undefined || changesFrom !== undefined) && files.length > 0)
    throw new HoldpointError("usage", `found ${files.length} files, wanted none beside --check and --changes-from`);
  if (check !== undefined) {
    const note = options.note === undefined ? {} : { note: options.note };
    return attestCheck({ ...base, check, outcome: options.notDone === true ? "not-done" : "done", ...note });
  }
  if (options.artifact !== undefined) {
    const { artifact, publicKey } = options;
    const end = time("finishedAt", "--finished-at", options.finishedAt);
    return attestArtifact({ ...base, artifact, files, root: process.cwd(), ...signedBy(signing, publicKey), ...end });
  }
  if (changesFrom !== undefined) return attestChanges({ ...base, from: changesFrom, root: process.cwd() });
  if (review === undefined || outcome === undefined) return undefined;
  const words = ["approved", "changes-requested", "rejected"] as const;
  const known = words.find((one) => one === outcome);
  if (known === undefined)
    throw new HoldpointError("usage", `--outcome: found "${outcome}", expected ${choice(words, outcome)}`);
  const { finishedAt } = time("finishedAt", "--finished-at", options.finishedAt);
  if (finishedAt === undefined)
    throw new HoldpointError("usage", "a review without its end", { remedy: "--finished-at 2026-11-22T01:00:00Z" });
  return attestReview({
    ...base,
    review,
    outcome: known,
    reviewers: options.reviewer ?? [],
    ...(options.open === undefined ? {} : { open: openFindings(options.open) }),
    finishedAt,
    files,
    root: process.cwd(),
  });
}

/** "critical=0,high=1,medium=2,low=0": each, for what is not said is not known to be none. */
function openFindings(text: string): { critical: number; high: number; medium: number; low: number } {
  const found = /^critical=(\d{1,6}),high=(\d{1,6}),medium=(\d{1,6}),low=(\d{1,6})$/.exec(text.replaceAll(" ", ""));
  if (found === null)
    throw new HoldpointError("usage", `--open: found "${text}", expected all four: critical=0,high=1,medium=2,low=0`);
  const [critical = 0, high = 0, medium = 0, low = 0] = found.slice(1).map(Number);
  return { critical, high, medium, low };
}

/** Whose signature of an artifact counts: of the key that was named, or of a machine's certificate, by the trust file. */
function signedBy({ trust }: Signing, publicKey: string | undefined): Pick<AttestFiles, "publicKey" | "certified"> {
  if (publicKey !== undefined) return { publicKey: readPublicKey(publicKey) };
  return { certified: (bundle, file) => verifyArtifact(bundle, file, trust, Date.now()) };
}

function readPublicKey(file: string): string {
  try {
    return readFileSync(file, "utf8").slice(0, 16_384);
  } catch {
    throw new HoldpointError("key-missing", `no public key at ${file}`, { remedy: "--public-key <file>" });
  }
}

async function condition(
  context: Context,
  signing: Signing,
  base: AttestBase,
  prefix: string,
  [item, ...more]: readonly string[],
): Promise<Outcome> {
  if (item === undefined || more.length > 0) {
    throw new HoldpointError("usage", "wanted one item, word for word as the approval or the waiver has it", {
      remedy: `holdpoint attest --stage ${base.stage} --condition ${prefix} "<item>"`,
    });
  }
  const { approvals, waivers } = await readEvidence(signing.store, signing.trust, machineClock);
  const promises = [
    ...approvals.map(({ id, items, decision }) => ({ id, items, what: decision })),
    ...waivers.map(({ id, obligation, binding }) => ({
      id,
      items: [obligation],
      what: `waiver of ${binding.criterion}`,
    })),
  ];
  const found = promises.filter(({ id }) => prefix.length >= 6 && id.startsWith(prefix));
  const [promise] = found;
  if (promise === undefined || found.length > 1) {
    const ids = promises.map(({ id, what }) => `${id.slice(0, 12)} (${what})`).join(", ");
    throw new HoldpointError(
      "usage",
      `found ${found.length} approvals and waivers that begin with "${prefix}", wanted one of: ${ids || "none is there"}`,
    );
  }
  if (!promise.items.includes(item)) {
    throw new HoldpointError("usage", `found the item "${item}", expected ${choice(promise.items, item)}`);
  }
  return told(context, signing, base.stage, await attestCondition({ ...base, item, approval: promise.id }));
}

function attestBase({ key, store, file }: Signing, options: Options): AttestBase {
  return { stage: options.stage, subject: subjectOf(options, () => releaseOf(file)), key, store };
}

/** What the evidence is about: what was named, else both names of the configured release. */
function subjectOf({ commit, image }: Options, release: () => { commit: string; image: string }): Subject {
  if (commit !== undefined || image !== undefined) {
    return { ...(commit === undefined ? {} : { commit }), ...(image === undefined ? {} : imageSubject(image)) };
  }
  const configured = release();
  return { commit: configured.commit, ...imageSubject(configured.image) };
}

function imageSubject(image: string): Subject {
  const sha256 = /@sha256:([0-9a-f]{64})$/.exec(image)?.[1];
  if (sha256 !== undefined) return { sha256 };
  throw new HoldpointError("usage", `found the image "${image}", expected one with its digest`, {
    remedy: "--image registry.example/app@sha256:<64 hex digits>",
  });
}

function requireKind(text: string): EvidenceKind {
  const kind = EVIDENCE_KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new HoldpointError("usage", `found the kind "${text}", expected ${choice(EVIDENCE_KINDS, text)}`);
}

function time(
  key: "finishedAt" | "since" | "databaseUpdatedAt",
  option: string,
  text: string | undefined,
): { finishedAt?: number; since?: number; databaseUpdatedAt?: number } {
  if (text === undefined) return {};
  const instant = parseInstant(text);
  if (instant !== undefined) return { [key]: instant };
  throw new HoldpointError("usage", `${option}: found "${text}", expected a time with its zone`, {
    remedy: `${option} 2026-11-22T01:00:00Z`,
  });
}

function trigger(text: string | undefined): { trigger?: "manual" | "scheduled" } {
  if (text === undefined) return {};
  if (text === "manual" || text === "scheduled") return { trigger: text };
  throw new HoldpointError("usage", `--trigger: found "${text}", expected manual or scheduled`);
}

function told(context: Context, { identity, trust }: Signing, stage: string, done: Attested): Outcome {
  const { id, kind, summary } = done;
  context.terminal.say(`${summary}\nstored as ${id.slice(0, 12)}, signed by ${identity.id}`);
  const counts = trust.signer(identity, kind, stage) !== undefined;
  if (!counts)
    context.terminal.say(
      `note: the trust file gives ${identity.id} no role that may attest ${kind} in ${stage}, so no gate will count it`,
    );
  return { exitCode: 0, result: { id, kind, summary, signer: identity.id, counts } };
}
