/** Evidence from the command line: files, drills, items of a conditional sign-off, and what a waiver promised. */
import { attest, attestCondition, attestRun, type Attested, type AttestBase } from "../evidence/attest";
import { EVIDENCE_KINDS } from "../evidence/predicates";
import { readEvidence } from "../evidence/read";
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
  const kind = options.kind === undefined ? undefined : requireKind(options.kind);
  const { suite, branch, scope, section } = options;
  const done = await attest({
    ...base,
    files,
    root: process.cwd(),
    ...(kind === undefined ? {} : { kind }),
    ...(suite === undefined ? {} : { suite }),
    ...(branch === undefined ? {} : { branch }),
    ...(scope === undefined ? {} : { scope }),
    ...(section === undefined ? {} : { sections: section }),
    ...time("finishedAt", "--finished-at", options.finishedAt),
    ...time("since", "--since", options.since),
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
  key: "finishedAt" | "since",
  option: string,
  text: string | undefined,
): { finishedAt?: number; since?: number } {
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
