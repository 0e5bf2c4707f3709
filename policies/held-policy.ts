import type { ReportViolation, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { CLEARANCE, type PackVerdict } from "../rollout/clearance";
import { withDeadline } from "./deadline";

/**
 * The longest that one answer takes, in milliseconds: more than the gate's own, less than the program's. The engine
 * waits for a policy without end, and would not even be stopped by SIGTERM.
 */
const DEADLINE = 75_000;

/**
 * Every policy of the pack is made here, so that none can be switched off unseen. Each has both hooks at level
 * `remediate`: at any other level the engine leaves out the remediation, and the policy's name is then missing from
 * the clearance's roll-call, without which the program declares nothing.
 */
export interface HeldPolicy {
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly description: string;
  /** Problems with one resource, each a whole message; none lets it pass. */
  readonly check: (resource: ResourceValidationArgs) => Promise<readonly string[]> | readonly string[];
  /** What this policy adds to the clearance beside its name. */
  readonly answer?: (clearance: ResourceValidationArgs) => Promise<Omit<PackVerdict, "rollCall">>;
  /** What this policy makes of any other resource's inputs. */
  readonly remedy?: (resource: ResourceValidationArgs) => Promise<Record<string, unknown> | undefined>;
}

/** The CrossGuard policy that does what a held policy says, and fails closed where it throws. */
export function heldPolicy(held: HeldPolicy): ResourceValidationPolicy {
  return {
    name: held.name,
    description: held.description,
    enforcementLevel: "remediate",
    severity: "critical",
    remediateResource: (resource) => inTime(remediate(held, resource)),
    validateResource: (resource, report) => reportAll(held, resource, report),
  };
}

/** Whether a resource is the program's clearance. */
export function isClearance(resource: { readonly type: string; readonly name: string }): boolean {
  return resource.type === CLEARANCE.type && resource.name === CLEARANCE.name;
}

/** Whether a resource is the root of the stack, which every program has and which comes first. */
export function isRoot(resource: { readonly type: string }): boolean {
  return resource.type === "pulumi:pulumi:Stack";
}

interface ClearanceInput {
  readonly request: unknown;
  readonly nonce?: string;
  readonly verdict?: PackVerdict;
}

/**
 * What the program asked with; nothing in a run that leaves out the clearance by --target or --exclude. Its nonce is
 * unknown in a preview, and a policy that touches an unknown is skipped.
 */
export function clearanceInput(clearance: ResourceValidationArgs): Partial<ClearanceInput> {
  const input = clearance.props["input"] as ClearanceInput | undefined;
  if (input === undefined) return {};
  const nonce = knownOr(() => input.nonce, undefined);
  const verdict = input.verdict;
  return {
    request: input.request,
    ...(nonce === undefined ? {} : { nonce }),
    ...(verdict === undefined ? {} : { verdict }),
  };
}

async function remediate(
  held: HeldPolicy,
  resource: ResourceValidationArgs,
): Promise<Record<string, unknown> | undefined> {
  return isClearance(resource) ? signRollCall(held, resource) : held.remedy?.(resource);
}

async function signRollCall(held: HeldPolicy, clearance: ResourceValidationArgs): Promise<Record<string, unknown>> {
  const input = clearanceInput(clearance);
  // Left out of this run: there is nothing to sign, and the program finds no answer.
  if (input.request === undefined) return clearance.props;
  const base = held.answer === undefined ? input.verdict : { ...(await held.answer(clearance)), rollCall: [] };
  // Without the gate's own answer there is nothing to sign: the program then finds no verdict.
  const verdict = base === undefined ? undefined : { ...base, rollCall: [...base.rollCall, held.name] };
  return { ...clearance.props, input: verdict === undefined ? input : { ...input, verdict } };
}

async function reportAll(held: HeldPolicy, resource: ResourceValidationArgs, report: ReportViolation): Promise<void> {
  try {
    for (const problem of await inTime(Promise.resolve(held.check(resource)))) report(problem);
  } catch (error) {
    // The SDK turns an unknown value into an advisory note and a thrown error into a page of stack.
    report(
      `NO-GO ${held.name}: the policy could not finish: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function inTime<T>(answer: Promise<T>): Promise<T> {
  return withDeadline(DEADLINE, answer, () => new Error(`no answer within ${DEADLINE / 1000} s`));
}

function knownOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
