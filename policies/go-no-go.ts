import type { ResourceValidationArgs } from "@pulumi/policy";
import { CLEARANCE, ENTERED, RECORD, STEP, type PackVerdict } from "../rollout/clearance";
import { canonical } from "../rollout/canonical";
import { clearanceInput, isClearance, isRoot, type HeldPolicy } from "./held-policy";
import type { Gate } from "./gate";

/**
 * The gate. It speaks on the root of the stack, which comes before everything else whatever the program does, and
 * hands the decision to the program through the clearance. No resource may come between the two.
 */
export function goNoGo(gate: Gate): HeldPolicy {
  let cleared = false;
  let early: readonly string[] = [];
  return {
    name: "go-no-go",
    description: "Every criterion of the rollout plan holds.",
    async check(resource) {
      if (isRoot(resource)) return (await gate.decided).refusals;
      if (isClearance(resource)) {
        // A program that declared something first gets no clearance either: its next resource may already be on the way.
        const problems = [...early, ...(await clearanceProblems(gate, resource))];
        cleared = problems.length === 0;
        return problems;
      }
      if (cleared || isStashProvider(resource)) return [];
      early = [uncleared(resource)];
      return early;
    },
    answer: (clearance) => answer(gate, clearance),
    async remedy(resource) {
      if (isStash(resource, RECORD)) return record(gate, resource);
      if (isStash(resource, ENTERED)) return entered(gate, resource);
      return isStash(resource, STEP) ? step(gate, resource) : undefined;
    },
  };
}

async function clearanceProblems(gate: Gate, clearance: ResourceValidationArgs): Promise<readonly string[]> {
  const { request } = await gate.decided;
  const asked = clearanceInput(clearance).request;
  if (asked === undefined) return [leftOut()];
  if (request !== undefined && canonical(asked) === canonical(request)) return [];
  return [
    "NO-GO clearance: the program asks for something else than the policy pack sees\n" +
      `found: ${differences(asked, request)}\n` +
      "wanted: the same configuration, program, rollout plan, trust file and secrets on both sides\n" +
      "fix: run pulumi in the project's folder, with the policy pack of the same checkout",
  ];
}

function leftOut(): string {
  return (
    "NO-GO clearance: this run leaves the clearance out\n" +
    "found: --target without the clearance, or --exclude of it\n" +
    "wanted: the whole program, of which the approvers see every change\n" +
    "fix: run it without --target and --exclude"
  );
}

function differences(asked: unknown, seen: object | undefined): string {
  if (seen === undefined) return "the pack could not make the request itself; see the other refusals";
  const left = (asked ?? {}) as Record<string, unknown>;
  const right = seen as Record<string, unknown>;
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
    (name) => left[name] !== right[name],
  );
  return `another ${names.join(", ")}`;
}

function uncleared(resource: { readonly type: string; readonly name: string }): string {
  return (
    `NO-GO clearance: "${resource.name}" (${resource.type}) is declared before the clearance was given\n` +
    "found: no clearance in this run\n" +
    "wanted: the clearance first, its answer awaited, everything else after it\n" +
    "fix: restore the clearance at the head of index.ts"
  );
}

/** The engine registers the Stash's own provider, which changes nothing, ahead of the clearance. */
function isStashProvider(resource: { readonly type: string }): boolean {
  return resource.type === "pulumi:providers:pulumi";
}

async function answer(gate: Gate, clearance: ResourceValidationArgs): Promise<Omit<PackVerdict, "rollCall">> {
  const { outcome, digest, overview, unread } = await gate.decided;
  const { nonce } = clearanceInput(clearance);
  return {
    ...(nonce === undefined ? {} : { nonce }),
    mode: gate.mode,
    outcome,
    request: digest ?? "none",
    text: overview,
    ...(unread && { unread }),
  };
}

/** The last resource of a stack: what was entered, or the step, written once all of it is there. */
function isStash(resource: { readonly type: string; readonly name: string }, name: string): boolean {
  return resource.type === CLEARANCE.type && resource.name === name;
}

async function entered(gate: Gate, resource: ResourceValidationArgs): Promise<Record<string, unknown> | undefined> {
  const current = (await gate.decided).record?.current;
  if (current === undefined) return undefined;
  const { release, content } = current;
  return { ...resource.props, input: { release, ...(content === undefined ? {} : { content }) } };
}

/** A hold begins anew when its record changes: what a run does not change of it stays word for word. */
async function step(gate: Gate, resource: ResourceValidationArgs): Promise<Record<string, unknown> | undefined> {
  const { promised = [], reached } = await gate.decided;
  // What could not be read stays unreadable, and goes on keeping the gates shut.
  const more = {
    ...("failure" in promised ? { obligations: promised.failure } : {}),
    ...(!("failure" in promised) && promised.length > 0 ? { obligations: promised } : {}),
    ...(reached === undefined ? {} : { reached: "failure" in reached ? reached.failure : reached }),
  };
  if (Object.keys(more).length === 0) return undefined;
  return { ...resource.props, input: { ...(resource.props["input"] as Record<string, unknown>), ...more } };
}

async function record(gate: Gate, resource: ResourceValidationArgs): Promise<Record<string, unknown>> {
  const decided = await gate.decided;
  return { ...resource.props, input: decided.record ?? resource.props["input"] };
}
