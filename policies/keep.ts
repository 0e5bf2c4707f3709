/** Keeping a run's decision, and everything that it was made of, in the evidence store. */
import { readFileSync } from "node:fs";
import type { Project } from "../components/project";
import { digest } from "../evidence/canonical";
import { keepDecision, type Made } from "../evidence/decisions";
import type { Inputs } from "../evidence/inputs";
import { loadKey } from "../evidence/keys";
import type { PrivateKey } from "../evidence/dsse";
import { configuredPath } from "../evidence/request";
import { openStore } from "../evidence/store";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import type { World } from "../rollout/world";
import { askedOf } from "./asked";
import { withDeadline } from "./deadline";
import type { Gathered } from "./world";

/** Names the file of the key that signs decisions. */
export const DECISION_KEY = "HOLDPOINT_DECISION_KEY";

/** How long keeping a decision may hold up the run, in milliseconds; the way back waits for no store. */
const PATIENCE = 10_000;
const PATIENCE_BACK = 500;

/** A decision that was made. */
export interface Run {
  readonly project: Project;
  /** "organization/project". */
  readonly stacks: string;
  readonly gathered: Gathered;
  readonly decision: Decision;
}

/**
 * Keeps a decision. One that can't be kept is still a decision; it never throws.
 * @returns what people must know of it: that it was not kept, or could not be signed
 */
export async function keepRun(run: Run): Promise<string | undefined> {
  const patience = run.decision.wayBack === undefined ? PATIENCE : PATIENCE_BACK;
  const late = (): HoldpointError =>
    new HoldpointError("deadline", `the evidence store did not take it within ${patience / 1000} s`);
  try {
    return await withDeadline(patience, keep(run), late);
  } catch (error) {
    return `note: this decision was not kept: ${reason(error)}`;
  }
}

async function keep(run: Run): Promise<string | undefined> {
  const { project, stacks, gathered, decision } = run;
  const { settings, request } = project;
  const { key, unusable } = await decisionKey(settings.sandbox !== undefined);
  const inputs = inputsOf(run);
  const made: Made = {
    decision,
    stacks,
    world: gathered.world,
    request,
    digest: project.digest,
    pack: packDigest() ?? request.program,
    planFile: settings.plan,
    trustFile: settings.trust,
    ...inputs,
    ...(gathered.evidence.basis === undefined ? {} : { evidence: gathered.evidence.basis }),
    now: Date.now(),
  };
  await keepDecision(openStore(configuredPath(project.root, settings.evidence)), made, key);
  return unusable === undefined ? undefined : `note: this decision was kept unsigned: ${unusable}`;
}

/** Without inputs where the files are no longer those that the request names. */
function inputsOf({ project, gathered }: Run): Pick<Made, "inputs" | "texts"> {
  const { root, settings, request } = project;
  const plan = readFileSync(configuredPath(root, settings.plan), "utf8");
  const { reading, texts } = gathered.evidence;
  const trusted = texts[0] === undefined ? undefined : digest(texts[0]);
  if (digest(plan) !== request.plan || (trusted ?? request.trust) !== request.trust) return { texts: [] };
  const inputs: Inputs = {
    asked: askedOf(settings),
    plan: { file: settings.plan, digest: request.plan },
    ...(reading === undefined || trusted === undefined
      ? { world: gathered.world }
      : { trust: { file: settings.trust, digest: trusted }, reading, world: withoutEvidence(gathered.world) }),
  };
  return { inputs, texts: [plan, ...texts] };
}

function withoutEvidence(world: World): Inputs["world"] {
  const { evidence: _evidence, approvals: _approvals, rejected: _rejected, waivers: _waivers, ...rest } = world;
  return rest;
}

async function decisionKey(sandbox: boolean): Promise<{ key?: PrivateKey; unusable?: string }> {
  const file = process.env[DECISION_KEY];
  if (file === undefined || file === "") return {};
  try {
    return { key: await loadKey(file, { allowPlain: sandbox }) };
  } catch (error) {
    return { unusable: reason(error) };
  }
}

/** A published pack is one file; in a checkout the pack is part of the program's digest. */
function packDigest(): string | undefined {
  const { __holdpointPack: file } = globalThis as { __holdpointPack?: string };
  return file === undefined ? undefined : digest(readFileSync(file));
}

function reason(error: unknown): string {
  if (error instanceof HoldpointError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
