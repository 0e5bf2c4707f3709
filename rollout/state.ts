/**
 * A stack's state (`pulumi stack export`), as far as gates read it: what approvals were made against, and the records
 * that earlier runs left in it.
 */
import { z } from "zod";
import { canonical, digest } from "./canonical";
import { ENTERED, RECORD } from "./clearance";
import type { Clock } from "./clock";
import { HoldpointError } from "./errors";
import type { Digest } from "./evidence";
import type { Promised } from "./owed";
import type { AllReached } from "./reached";
import { withoutSecrets } from "./secrets";
import { sameName } from "./world";
import type { CanaryRecord, StageEntry, StageRecord, StageState } from "./world";

/** The built-in resource that keeps a value in the state. */
export const STASH = "pulumi:index:Stash";

/**
 * What a refused `up` may write or rewrite on its own: the root, the Stash's provider, the Stashes. None of them is
 * infrastructure, and an approval must outlive a refusal.
 */
const OWN_RECORDS: ReadonlySet<string> = new Set(["pulumi:pulumi:Stack", "pulumi:providers:pulumi", STASH]);

const resource = z.looseObject({
  urn: z.string().startsWith("urn:pulumi:"),
  type: z.string(),
  id: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).nullish(),
  outputs: z.record(z.string(), z.unknown()).nullish(),
  created: z.string().optional(),
  modified: z.string().optional(),
});
const exported = z.looseObject({
  deployment: z
    .looseObject({
      resources: z.array(resource).nullish(),
      pending_operations: z
        .array(z.looseObject({ resource: z.looseObject({ urn: z.string() }), type: z.string() }))
        .nullish(),
    })
    .nullish(),
});

/** One resource of a state. */
export type StateResource = Readonly<z.output<typeof resource>>;

/** A parsed state. */
export interface Deployment {
  readonly resources: readonly StateResource[];
  /** What an interrupted `up` left unfinished: "updating urn:…". */
  readonly pending: readonly string[];
}

/**
 * The state in an export.
 * @throws HoldpointError `state-invalid`
 */
export function parseDeployment(text: string): Deployment {
  const parsed = exported.safeParse(fromJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.map(String).join(".") ?? "file"}: ${issue?.message ?? "not an export"}`);
  }
  const { resources, pending_operations: pending } = parsed.data.deployment ?? {};
  return {
    resources: resources ?? [],
    pending: (pending ?? []).map((operation) => `${operation.type} ${operation.resource.urn}`),
  };
}

/** The state of a stack that nobody has used yet. */
export const EMPTY_DEPLOYMENT: Deployment = { resources: [], pending: [] };

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("found text that is not JSON");
  }
}

function invalid(found: string): HoldpointError {
  return new HoldpointError("state-invalid", `${found}, expected a state as pulumi stack export writes it`, {
    remedy: "look at it with pulumi stack export; a damaged state is mended with pulumi state repair",
  });
}

/**
 * The name of a state: every resource with what it was told and what it is. Without the ciphertext of secrets, which
 * is made anew at every export, and without propertyDependencies, which a refresh flips.
 */
export function stateDigest(deployment: Deployment): Digest {
  const resources = deployment.resources
    .filter((item) => !OWN_RECORDS.has(item.type))
    .map(({ urn, id, type, inputs, outputs, provider, parent, protect, delete: leaving }) => {
      const all = { urn, id, type, inputs, outputs, provider, parent, protect, delete: leaving };
      return withoutSecrets(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
    })
    .map((item) => canonical(item))
    .toSorted();
  return digest(canonical(resources));
}

/** The Stash of a name directly under the stack; one inside a component is another. */
function stash(deployment: Deployment, name: string): StateResource | undefined {
  return deployment.resources.find((item) => item.type === STASH && item.urn.endsWith(`::${STASH}::${name}`));
}

/** What a Stash holds: its input, never its output, which keeps the first value. Undefined where there is none. */
export function stashInput(deployment: Deployment, name: string): unknown {
  return stash(deployment, name)?.inputs?.["input"];
}

/** When a Stash's value last changed, machine time; undefined where there is none. */
export function modifiedAt(deployment: Deployment, name: string): number | undefined {
  const modified = stash(deployment, name)?.modified;
  return modified === undefined ? undefined : Date.parse(modified);
}

const ROUTE = /^kubernetes:gateway\.networking\.k8s\.io\/[^:]+:HTTPRoute$/;
const routeSpec = z.looseObject({
  rules: z
    .array(
      z.looseObject({
        backendRefs: z.array(z.looseObject({ name: z.string(), weight: z.number().min(0).default(1) })).min(1),
      }),
    )
    .min(1),
});

/**
 * The share of traffic, 0..100, that a canary stack's routes give to the service's canary; the greatest of all rules,
 * whatever the routes are called: a filter by name that misses would say that nothing is routed. Undefined where the
 * state has no route, NaN where it has one that can't be understood.
 */
export function routedWeight(deployment: Deployment, service: string): number | undefined {
  const routes = deployment.resources.filter((item) => ROUTE.test(item.type));
  if (routes.length === 0) return undefined;
  const weights = routes.flatMap((route) => {
    const spec = routeSpec.safeParse(route.outputs?.["spec"] ?? route.inputs?.["spec"]);
    return spec.success ? spec.data.rules.map((rule) => share(rule.backendRefs, `${service}-canary`)) : [Number.NaN];
  });
  return Math.max(...weights);
}

function share(backends: readonly { readonly name: string; readonly weight: number }[], canary: string): number {
  const total = backends.reduce((sum, backend) => sum + backend.weight, 0);
  const part = backends.filter((backend) => backend.name === canary).reduce((sum, backend) => sum + backend.weight, 0);
  // Gateway API: a rule whose weights are all 0 sends nothing anywhere.
  return total === 0 ? 0 : (100 * part) / total;
}

const WORKLOAD = /^kubernetes:apps\/v1:(Deployment|StatefulSet|DaemonSet)$/;
const workload = z.looseObject({
  template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }) }),
});

/** Images of the containers that a state's workloads run, as they were last written; each once. */
export function workloadImages(deployment: Deployment): string[] {
  const images = deployment.resources
    .filter(({ type }) => WORKLOAD.test(type))
    .flatMap(({ inputs }) => workload.safeParse(inputs?.["spec"]).data?.template.spec.containers ?? [])
    .map(({ image }) => image);
  return [...new Set(images)];
}

const releaseName = z.object({ image: z.string().min(1), commit: z.string().min(1) });
const entry = z.object({
  release: releaseName,
  baseline: releaseName,
  request: z.string().min(1),
  content: z.string().min(1).optional(),
  type: z.string().min(1).optional(),
});
const stageRecord = z.object({
  current: entry.optional(),
  previous: entry.optional(),
  usedApprovals: z.array(z.string()),
  owed: z.unknown().optional(),
  trust: z.unknown().optional(),
  broughtBack: z.unknown().optional(),
});
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const trustMark = z.object({
  digest: sha256,
  version: z.int().min(1),
  revocations: z.object({ serial: z.int().min(1), revoked: z.array(sha256) }),
});
const owedSchema = z.object({
  debts: z.array(z.object({ criterion: z.string().min(1), release: releaseName, type: z.string().min(1) })),
  obligations: z.array(
    z.object({
      criterion: z.string().min(1),
      obligation: z.string().min(1),
      waivers: z.array(z.string().min(1)).min(1),
      release: releaseName,
    }),
  ),
});
const canaryStep = z.object({
  weight: z.number().min(0).max(100),
  release: releaseName,
  obligations: z.unknown().optional(),
  reached: z.unknown().optional(),
});
const reachedSchema = z.array(
  z.object({
    release: releaseName,
    weight: z.int().min(1).max(100),
    waysBack: z.int().min(0).optional(),
  }),
);

/** The stacks of a stage, undefined for one that does not exist yet. */
export interface StageStacks {
  readonly stage: Deployment | undefined;
  readonly canary: Deployment | undefined;
  /** Canary stacks of single operations, by the operation. */
  readonly operations?: Readonly<Record<string, Deployment | undefined>>;
}

/** What a stage's states say of it. What is there and not understood is said, and then no gate opens. */
export function stageStateOf(stacks: StageStacks, service: string, clock: Clock): StageState {
  const { stage, canary } = stacks;
  const record = stage === undefined ? undefined : recordOf(stage, clock);
  if (record === "malformed") return { ok: false, why: 'the stage stack\'s "record" is malformed' };
  const step = canary === undefined ? undefined : canaryOf(canary, service, clock);
  if (step === "malformed") return { ok: false, why: 'the canary stack\'s "step" is malformed' };
  const operations: Record<string, CanaryRecord> = {};
  for (const [operation, deployment] of Object.entries(stacks.operations ?? {})) {
    const its = deployment === undefined ? undefined : canaryOf(deployment, service, clock);
    if (its === "malformed") return { ok: false, why: `the "step" of the canary stack of "${operation}" is malformed` };
    if (its !== undefined) operations[operation] = its;
  }
  return {
    ok: true,
    ...(record === undefined ? {} : { record }),
    ...(stage === undefined ? {} : { images: workloadImages(stage) }),
    ...(step === undefined ? {} : { canary: step }),
    ...(stacks.operations === undefined ? {} : { operations }),
  };
}

function recordOf(deployment: Deployment, clock: Clock): StageRecord | "malformed" | undefined {
  const input = stashInput(deployment, "record");
  if (stash(deployment, "record") === undefined) return undefined;
  const { data } = stageRecord.safeParse(input);
  if (data === undefined) return "malformed";
  const { current, previous, usedApprovals } = data;
  return {
    usedApprovals,
    ...(current === undefined ? {} : { current: { ...current, ...sinceOf(deployment, current, clock) } }),
    ...(previous === undefined ? {} : { previous }),
    ...(data.owed === undefined ? {} : { owed: owedOf(data.owed) }),
    ...(data.trust === undefined ? {} : { trust: trustOf(data.trust) }),
    ...(data.broughtBack === undefined ? {} : { broughtBack: broughtBackOf(data.broughtBack) }),
  };
}

/** As `owedOf`: malformed, it shuts the gate and leaves the way back open. */
function trustOf(found: unknown): NonNullable<StageRecord["trust"]> {
  const { data, error } = trustMark.safeParse(found);
  if (data !== undefined) return data;
  return { failure: `a malformed record: trust.${error.issues[0]?.path.map(String).join(".") ?? ""}` };
}

/** Malformed, it is not known: it shuts the gates that ask for it, and no other. */
function broughtBackOf(found: unknown): NonNullable<StageRecord["broughtBack"]> {
  const { data } = z.array(releaseName).safeParse(found);
  return data ?? { failure: "a malformed record: broughtBack" };
}

/** As `broughtBackOf`. */
function reachedOf(found: unknown): AllReached {
  const { data } = reachedSchema.safeParse(found);
  if (data === undefined) return { failure: "a canary's step with malformed weights that were reached" };
  return data.map(({ release, weight, waysBack }) => ({
    release,
    weight,
    ...(waysBack === undefined ? {} : { waysBack }),
  }));
}

/** Malformed, it shuts the gate by itself: the way back, which needs the rest of the record, stays open. */
function owedOf(found: unknown): NonNullable<StageRecord["owed"]> {
  const { data, error } = owedSchema.safeParse(found);
  if (data !== undefined) return data;
  const issue = error.issues[0];
  return { failure: `a malformed record: owed.${issue?.path.map(String).join(".") ?? ""}` };
}

/** As `owedOf`. */
function promisedOf(found: unknown): Promised {
  const { data } = owedSchema.shape.obligations.safeParse(found);
  return data ?? { failure: "a canary's step with malformed obligations" };
}

const enteredStash = z.object({ release: releaseName, content: z.string().optional() });

/**
 * Since when exactly this release runs there with exactly this content. The record itself moves with whatever it tells, a
 * new baseline too. A time that can't be read, or is another release's, is not known, which is no reason to go.
 */
function sinceOf(
  deployment: Deployment,
  current: Pick<StageEntry, "release" | "content">,
  clock: Clock,
): Pick<StageEntry, "since"> {
  const own = stash(deployment, ENTERED) === undefined ? RECORD : ENTERED;
  if (own === ENTERED) {
    const { data } = enteredStash.safeParse(stashInput(deployment, ENTERED));
    if (data === undefined || !sameName(data.release, current.release) || data.content !== current.content) return {};
  }
  const modified = modifiedAt(deployment, own);
  return modified === undefined || !Number.isFinite(modified) ? {} : { since: clock.at(modified) };
}

function canaryOf(deployment: Deployment, service: string, clock: Clock): CanaryRecord | "malformed" | undefined {
  const routed = routedWeight(deployment, service);
  if (stash(deployment, "step") === undefined) {
    // A killed first `up` leaves a route without a record: nobody knows whose traffic that is.
    return routed === undefined || routed === 0 ? undefined : "malformed";
  }
  const { data } = canaryStep.safeParse(stashInput(deployment, "step"));
  const modified = modifiedAt(deployment, "step");
  if (data === undefined || modified === undefined || !Number.isFinite(modified)) return "malformed";
  const { weight, release, obligations, reached } = data;
  return {
    weight,
    release,
    since: clock.at(modified),
    ...(routed === undefined ? {} : { routed }),
    ...(obligations === undefined ? {} : { obligations: promisedOf(obligations) }),
    ...(reached === undefined ? {} : { reached: reachedOf(reached) }),
  };
}
