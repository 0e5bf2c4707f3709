/**
 * Deciding again: from what a decision kept of its inputs, by this program, on this machine. The evidence is read and
 * verified anew; whatever differs from then is told.
 */
import type { Decision, Finding } from "../rollout/decision";
import { decideEnter, decideStep } from "../rollout/decide";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import { parsePlan, type Plan } from "../rollout/plan";
import type { Asked } from "../rollout/decision";
import type { World } from "../rollout/world";
import { digest } from "./canonical";
import type { DecisionRecord } from "./decisions";
import { evidenceOf, readInputs, replayed, type Inputs, type KeptReading } from "./inputs";
import { judgeEnvelopes, type EvidenceRead } from "./read";
import type { Store } from "./store";
import { parseTrust, type Trust } from "./trust";
import { onlyThese, standingOf } from "./trust/changes";
import { withRevocations } from "./trust/open";

/** Asks the gate that was asked. */
export function decideAsked(plan: Plan, asked: Asked, world: World): Decision {
  return asked.gate === "enter"
    ? decideEnter(plan, asked.stage, world)
    : decideStep(plan, asked.stage, asked.to, world);
}

/** A decision that was made again. */
export interface Replayed {
  readonly decision: Decision;
  /** What differs from the one that was kept, a line each; none: it is the same. */
  readonly differences: readonly string[];
}

/**
 * Makes a decision again from its inputs.
 * @throws HoldpointError `replay-impossible` where they were not kept, are gone or damaged, or are none
 */
export async function replay(store: Store, record: DecisionRecord): Promise<Replayed> {
  try {
    return await decideAgain(store, record);
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    // Whoever can write to the store can name any text as a decision's inputs.
    throw impossible(`the inputs of decision ${record.id.slice(0, 12)} are none that a gate has`, cause);
  }
}

async function decideAgain(store: Store, record: DecisionRecord): Promise<Replayed> {
  const inputs = await inputsOf(store, record);
  const planText = await textOf(store, inputs.plan.digest, `the plan ${inputs.plan.file}`);
  const plan = parsePlan(planText, inputs.plan.file);
  const gone: string[] = [];
  const { world, read } = await worldOf(store, inputs, gone);
  const decision = plain(decideAsked(plan, inputs.asked, world));
  const differences = [
    ...gone,
    ...bindings(record, inputs),
    ...(read === undefined ? [] : attestations(record, read, inputs.reading?.read ?? [])),
    ...compare(record.decision, decision),
  ];
  return { decision, differences };
}

async function inputsOf(store: Store, { id, inputs, inputsWithheld }: DecisionRecord): Promise<Inputs> {
  if (inputs === undefined)
    throw impossible(`decision ${id.slice(0, 12)} kept no inputs: ${inputsWithheld ?? "unknown"}`);
  const text = await textOf(store, inputs, "what it was made of");
  try {
    return readInputs(text);
  } catch (cause) {
    throw impossible(`the inputs of decision ${id.slice(0, 12)} can't be read`, cause);
  }
}

async function textOf(store: Store, id: Digest, what: string): Promise<string> {
  const text = await store.kept("inputs", id);
  if (text !== undefined) return text;
  throw impossible(`${what} (${id.slice(0, 12)}) is gone from the store, or damaged`);
}

function impossible(message: string, cause?: unknown): HoldpointError {
  return new HoldpointError("replay-impossible", message, {
    remedy: "holdpoint history --check names all that is missing in the store",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The world as it was, and what was read of the store for it; nothing where nobody asked the store. */
interface Again {
  readonly world: World;
  readonly read?: EvidenceRead;
}

async function worldOf(store: Store, { world, trust, reading }: Inputs, gone: string[]): Promise<Again> {
  // Nobody asked the store then: the world is whole.
  if (reading === undefined || trust === undefined) return { world: world as World };
  const text = await textOf(store, trust.digest, `the trust file ${trust.file}`);
  const trusted = await trustOf(store, trust.file, text, reading);
  const content = await store.read(reading.read);
  gone.push(...content.gone.map((words) => `evidence ${words} since then`));
  const envelopes = content.envelopes.map((one) => ({ ...one, file: asNamed(one.file, store, reading) }));
  const kept = { envelopes, rejected: reading.unreadable };
  const read = judgeEnvelopes(kept, trusted, replayed(reading.clock), reading.now);
  const standing = await standingAgain(store, trusted, reading);
  return { world: { ...world, ...evidenceOf(read), ...standing }, read };
}

/** Whether the trust file may be believed, judged by the record of then and the signed changes that were read then. */
async function standingAgain(
  store: Store,
  trust: Trust,
  { standing, now }: KeptReading,
): Promise<Pick<World, "trust">> {
  if (standing === undefined) return {};
  const { stage, record, read } = standing;
  return { trust: await standingOf({ store: onlyThese(store, read), trust, stage, record, now }) };
}

/** Messages name the store as it was called there. */
function asNamed(file: string, { folder }: Store, { place }: KeptReading): string {
  return file.startsWith(folder) ? place + file.slice(folder.length) : file;
}

/** With the list of revoked keys as it was then, and the Sigstore root, where it names one. */
async function trustOf(store: Store, file: string, text: string, { revocations, now }: KeptReading): Promise<Trust> {
  const list = revocations === undefined ? undefined : await textOf(store, revocations, "the list of revoked keys");
  const trust = withRevocations(parseTrust(text, file), list, now);
  if (trust.sigstoreRoot === undefined) return trust;
  const root = await textOf(store, trust.sigstoreRoot.sha256, `the Sigstore root ${trust.sigstoreRoot.trustedRoot}`);
  const { sigstoreVerifier } = await import("./sigstore");
  return { ...trust, sigstore: sigstoreVerifier(Buffer.from(root)) };
}

/** Members that are undefined are not kept. */
function plain(decision: Decision): Decision {
  return JSON.parse(JSON.stringify(decision)) as Decision;
}

/** What counted then and does not now, and the other way round. What is gone since then is told as that. */
function attestations(
  { attestations: then }: DecisionRecord,
  { counted, read }: EvidenceRead,
  asked: readonly Digest[],
): string[] {
  const named = (id: Digest, kind: string): string => `attestation ${id.slice(0, 12)} (${kind})`;
  const [before, now] = [new Set(then.map((one) => one.sha256)), new Set(counted.map(({ id }) => id))];
  const lost = then.filter(({ sha256: id }) => !now.has(id) && read.includes(id));
  const unread = then.filter(({ sha256: id }) => !asked.includes(id));
  return [
    ...unread.map(({ sha256: id, about }) => `${named(id, about?.kind ?? "?")} is named, and was never read for it`),
    ...lost.map(({ sha256: id, about }) => `${named(id, about?.kind ?? "?")} counted then, and does not now`),
    ...counted
      .filter(({ id }) => !before.has(id))
      .map(({ id, kind }) => `${named(id, kind)} did not count then, and does now`),
  ];
}

/** Inputs that are not those which the decision itself names. */
function bindings({ plan, trust, request }: DecisionRecord, inputs: Inputs): string[] {
  return [
    ...(inputs.world.request === request ? [] : ["the inputs are of another request than the decision names"]),
    ...(plan.sha256 === inputs.plan.digest ? [] : ["the inputs are of another plan than the decision names"]),
    ...(inputs.trust === undefined || trust.sha256 === inputs.trust.digest
      ? []
      : ["the inputs are of another trust file than the decision names"]),
  ];
}

/** What differs between two decisions, in words. */
function compare(then: Decision, now: Decision): string[] {
  const lines: string[] = [];
  if (then.outcome !== now.outcome) lines.push(`outcome: ${then.outcome} then, ${now.outcome} now`);
  const before = new Map(then.findings.map((finding) => [finding.criterion, finding]));
  const after = new Map(now.findings.map((finding) => [finding.criterion, finding]));
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [old, fresh] = [before.get(id), after.get(id)];
    if (digest(old ?? null) === digest(fresh ?? null)) continue;
    lines.push(`${id}: ${shown(old)} then, ${shown(fresh)} now${whatElse(old, fresh)}`);
  }
  const { findings: _then, outcome: _was, ...restThen } = then;
  const { findings: _now, outcome: _is, ...restNow } = now;
  const keys = [...new Set([...Object.keys(restThen), ...Object.keys(restNow)])] as (keyof typeof restThen)[];
  const other = keys.filter((key) => digest(restThen[key] ?? null) !== digest(restNow[key] ?? null));
  if (other.length > 0) lines.push(`also different: ${other.join(", ")}`);
  return lines;
}

function shown(finding: Finding | undefined): string {
  return finding === undefined ? "not judged" : `${finding.verdict} (${finding.found})`;
}

function whatElse(old: Finding | undefined, fresh: Finding | undefined): string {
  if (old === undefined || fresh === undefined || old.verdict !== fresh.verdict || old.found !== fresh.found) return "";
  const keys = Object.keys({ ...old, ...fresh }) as (keyof Finding)[];
  return `, another ${keys.filter((key) => digest(old[key] ?? null) !== digest(fresh[key] ?? null)).join(", ")}`;
}
