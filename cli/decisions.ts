/** Decisions that were kept: who let what through, when and why; and whether the same would be decided again. */
import { audit } from "../evidence/audit";
import { readDecisions, type DecisionRecord, type Signature } from "../evidence/decisions";
import { replay } from "../evidence/replay";
import { configuredPath, programDigest } from "../evidence/request";
import { openStore, type Store } from "../evidence/store";
import type { Trust } from "../evidence/trust";
import { openTrust } from "../evidence/trust/open";
import { unmet } from "../rollout/conclude";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import { inOneLine } from "../rollout/printable";
import { showTime } from "../rollout/units";
import type { Context, Outcome } from "./context";
import { setting } from "./signing";
import { canaryStacksOf, readStackFile, stagesOf } from "./stack-file";

/** How many decisions are shown unless told otherwise. */
const NEWEST = 50;

/** What to show. */
export interface HistoryOptions {
  readonly newest?: string;
  readonly check?: boolean;
  /** A store instead of the configured one: a folder or s3://bucket/prefix. */
  readonly store?: string;
}

interface Opened {
  readonly store: Store;
  readonly trust: Trust | undefined;
  /** Why who signed can't be told for sure. */
  readonly note?: string;
}

/** Shows decisions, newest first; with `check`, whether the store still holds all that was added. */
export async function showHistory(
  context: Context,
  stage: string | undefined,
  options: HistoryOptions,
): Promise<Outcome> {
  const { store, trust, note } = await open(context, stage, options.store);
  if (options.check === true) return check(context, store);
  const newest = count(options.newest);
  const stacks =
    stage === undefined ? undefined : [stage, ...canaryStacksOf(context.root, stage).map(({ stack }) => stack)];
  const found = await readDecisions(store, {
    newest,
    ...(stacks === undefined ? {} : { stacks }),
    ...(trust === undefined ? {} : { trust }),
  });
  const shown = [...found].reverse();
  if (note !== undefined) context.terminal.say(`note: ${note}`);
  for (const record of shown) context.terminal.say(lines(record));
  if (shown.length === 0)
    context.terminal.say(`no decision${stage === undefined ? "" : ` about ${stage}`} in ${store.folder}`);
  return { exitCode: 0, result: { decisions: shown } };
}

async function check(context: Context, store: Store): Promise<Outcome> {
  const found = await audit(store);
  for (const line of found.problems) context.terminal.say(`missing: ${line}`);
  for (const line of found.unlisted) context.terminal.say(`not listed, so no gate reads it: ${line}`);
  const counted = `${found.envelopes} attestations and approvals, ${found.decisions} decisions`;
  context.terminal.say(
    found.problems.length === 0 ? `${counted}: nothing is missing` : `${counted}, ${found.problems.length} problems`,
  );
  return { exitCode: found.problems.length === 0 ? 0 : 1, result: found };
}

/** Decides again what was decided. Exit code 1 where it differs. */
export async function replayDecision(context: Context, prefix: string, options: HistoryOptions): Promise<Outcome> {
  const { store, trust } = await open(context, undefined, options.store);
  const record = await oneDecision(store, prefix, trust);
  const { decision, differences } = await replay(store, record);
  context.terminal.say(lines(record));
  const program = programDigest(context.root);
  if (program !== record.pack) {
    const [then, now] = [record.pack, program].map((one) => one.slice(0, 12));
    context.terminal.say(`note: decided then by the program ${then}, and again by ${now}`);
  }
  for (const line of differences) context.terminal.say(`differs: ${inOneLine(line)}`);
  if (differences.length === 0) context.terminal.say(`the same again: ${decision.outcome} ${decision.gate}`);
  return { exitCode: differences.length === 0 ? 0 : 1, result: { id: record.id, decision, differences, program } };
}

async function oneDecision(store: Store, prefix: string, trust: Trust | undefined): Promise<DecisionRecord> {
  const ids = (await store.keptIds("decisions")).filter((id) => prefix.length >= 6 && id.startsWith(prefix));
  const [id] = ids;
  const { readDecision } = await import("../evidence/decisions");
  const record = id === undefined || ids.length > 1 ? undefined : await readDecision(store, id, trust);
  if (record !== undefined) return record;
  throw new HoldpointError(
    "usage",
    `found ${ids.length} decisions that begin with "${prefix}" and can be read, wanted one`,
    {
      remedy: "holdpoint history",
    },
  );
}

/** The store of a stage, or of the first stage that names one. Without a trust file nobody is known to have signed. */
async function open({ root }: Context, stage: string | undefined, given: string | undefined): Promise<Opened> {
  const first = stage ?? (given === undefined ? stagesOf(root)[0] : undefined);
  if (first === undefined && given === undefined) {
    throw new HoldpointError("usage", "no stack file names an evidence store", {
      remedy: "--store <folder or s3://bucket/prefix>",
    });
  }
  const file = first === undefined ? undefined : readStackFile(root, first);
  const store = openStore(given ?? configuredPath(root, setting(file as NonNullable<typeof file>, "evidence")));
  const path = file?.settings.trust;
  if (path === undefined) return { store, trust: undefined };
  try {
    const { trust } = await openTrust(configuredPath(root, path), path);
    const problem = trust.revocations?.problem;
    return { store, trust, ...(problem === undefined ? {} : { note: problem.found }) };
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    return { store, trust: undefined, note: error.message };
  }
}

function count(text: string | undefined): number {
  if (text === undefined) return NEWEST;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new HoldpointError("usage", `--newest: found "${text}", expected a whole number from 1`);
}

/** Two lines: what was decided when, and by whom and why. */
function lines(record: DecisionRecord): string {
  const { decision, mode, release, id } = record;
  const head = [
    showTime(decision.decidedAt),
    decision.outcome.padEnd(7),
    mode.padEnd(7),
    decision.gate,
    `release ${release.version}`,
  ];
  const below = `${id.slice(0, 12)}  ${why(decision, record)}; ${signer(record.signature)}`;
  // An unsigned decision is anybody's text.
  return `${inOneLine(head.join("  "))}\n  ${inOneLine(below)}`;
}

/** Why it was decided so, and who answers for it. */
function why(decision: Decision, { attestations }: DecisionRecord): string {
  if (decision.wayBack !== undefined) return `the way back: ${decision.wayBack}`;
  const open = unmet(decision);
  const on = `on ${attestations.length} attestations`;
  if (open.length > 0)
    return `${open.length} of ${decision.findings.length} criteria unmet: ${open.map(({ criterion }) => criterion).join(", ")}`;
  const waived = decision.findings.flatMap(({ criterion, waived: by }) =>
    by === undefined ? [] : `${criterion} waived by ${by.by.map((one) => one.signer).join(", ")}`,
  );
  return [`${decision.findings.length} criteria met ${on}`, ...approvers(decision, attestations), ...waived].join("; ");
}

function approvers({ approvals }: Decision, attestations: DecisionRecord["attestations"]): string[] {
  const used = attestations.filter(({ about }) => about !== undefined && approvals.includes(about.body));
  const people = [...new Set(used.flatMap(({ about }) => about?.signers ?? []))];
  return people.length === 0 ? [] : [`approved by ${people.join(", ")}`];
}

function signer(signature: Signature): string {
  switch (signature.is) {
    case "signed":
      return `signed by ${signature.by}`;
    case "unsigned":
      return "not signed";
    case "refused":
      return `its signature does not count: ${signature.why}`;
    case "unknown":
      return "its signature is of no key of the trust file, or it was altered";
  }
}
