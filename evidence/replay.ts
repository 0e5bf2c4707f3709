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
import { judgeEnvelopes } from "./read";
import type { Store } from "./store";
import { parseTrust, type Trust } from "./trust";
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
 * @throws HoldpointError `replay-impossible` where they were not kept, or are gone or damaged
 */
export async function replay(store: Store, record: DecisionRecord): Promise<Replayed> {
  const inputs = await inputsOf(store, record);
  const planText = await textOf(store, inputs.plan.digest, `the plan ${inputs.plan.file}`);
  const plan = parsePlan(planText, inputs.plan.file);
  const gone: string[] = [];
  const world = await worldOf(store, inputs, gone);
  const decision = plain(decideAsked(plan, inputs.asked, world));
  return { decision, differences: [...gone, ...bindings(record, inputs), ...compare(record.decision, decision)] };
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

async function worldOf(store: Store, { world, trust, reading }: Inputs, gone: string[]): Promise<World> {
  // Nobody asked the store then: the world is whole.
  if (reading === undefined || trust === undefined) return world as World;
  const text = await textOf(store, trust.digest, `the trust file ${trust.file}`);
  const trusted = await trustOf(store, trust.file, text, reading);
  const content = await store.read(reading.read);
  gone.push(...content.gone.map((words) => `evidence ${words} since then`));
  const envelopes = content.envelopes.map((one) => ({ ...one, file: asNamed(one.file, store, reading) }));
  const kept = { envelopes, rejected: reading.unreadable };
  return { ...world, ...evidenceOf(judgeEnvelopes(kept, trusted, replayed(reading.clock), reading.now)) };
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

/** Inputs that are not those which the decision itself names. */
function bindings({ plan, trust }: DecisionRecord, inputs: Inputs): string[] {
  return [
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
