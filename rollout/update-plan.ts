/**
 * Pulumi's saved update plan (`pulumi preview --save-plan`): what an approval is bound to. The file carries a time,
 * random seeds and secrets that are encrypted anew each time, so its own hash names nothing; what it will do is the
 * content here, and the content's digest is the same for the same change.
 */
import { z } from "zod";
import { canonical, digest } from "./canonical";
import { HoldpointError } from "./errors";
import type { Digest } from "./evidence";
import { isSecret, withoutSecrets } from "./secrets";
import { listed } from "./criteria/answer";
import { RECORD } from "./clearance";
import { STASH } from "./state";

/** Bytes; the plan of some thousand resources. */
export const MAX_UPDATE_PLAN_BYTES = 64 * 1024 * 1024;

/** Pulumi's stand-in for a value that a preview can't know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const steps = z.array(z.string().min(1)).min(1);
const diff = z.looseObject({
  adds: z.record(z.string(), z.unknown()).optional(),
  updates: z.record(z.string(), z.unknown()).optional(),
  deletes: z.array(z.string()).nullish(),
});
const goal = z.looseObject({
  type: z.string(),
  name: z.string(),
  inputDiff: diff.optional(),
  outputDiff: diff.optional(),
  dependencies: z.array(z.string()).nullish(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
});
const file = z.looseObject({
  manifest: z.looseObject({ version: z.string() }),
  config: z.record(z.string(), z.unknown()).nullish(),
  resourcePlans: z.record(z.string().startsWith("urn:pulumi:"), z.looseObject({ goal: goal.nullish(), steps })),
});

/** What one resource becomes. */
export interface PlannedResource {
  /** "create", "update", "same", "delete", "replace", … in their order. */
  readonly steps: readonly string[];
  /** Absent for a resource that goes. */
  readonly goal?: Readonly<z.output<typeof goal>>;
}

/** What an update plan will do, without what differs between two files of the same change. Plain JSON. */
export interface UpdatePlanContent {
  readonly config: Readonly<Record<string, unknown>>;
  /** By URN. */
  readonly resourcePlans: Readonly<Record<string, PlannedResource>>;
}

/**
 * The content of a saved update plan.
 * @throws HoldpointError `update-plan-invalid`
 */
export function updatePlanContent(text: string): UpdatePlanContent {
  if (Buffer.byteLength(text) > MAX_UPDATE_PLAN_BYTES) throw invalid("found more than 64 MiB");
  const parsed = file.safeParse(fromJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.map(String).join(".") ?? "file"}: ${issue?.message ?? "not an update plan"}`);
  }
  const { config, resourcePlans } = parsed.data;
  const resources = Object.entries(resourcePlans).map(([urn, plan]): [string, PlannedResource] => [urn, planned(plan)]);
  return {
    config: withoutSecrets(config ?? {}) as Record<string, unknown>,
    resourcePlans: Object.fromEntries(resources),
  };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("found text that is not JSON");
  }
}

function invalid(found: string): HoldpointError {
  return new HoldpointError(
    "update-plan-invalid",
    `${found}, expected a plan as pulumi preview --save-plan writes it`,
    {
      remedy: "make it anew: pulumi preview --save-plan <file>",
    },
  );
}

/** Leaves out state, seed and ciphertext; sorts what has no order. */
function planned(plan: z.output<typeof file>["resourcePlans"][string]): PlannedResource {
  if (plan.goal === undefined || plan.goal === null) return { steps: plan.steps };
  const { inputDiff, outputDiff, dependencies, propertyDependencies, ...rest } = plan.goal;
  const normal = {
    ...rest,
    inputDiff: sortedDiff(inputDiff),
    outputDiff: sortedDiff(outputDiff),
    dependencies: (dependencies ?? []).toSorted(),
    propertyDependencies: Object.fromEntries(
      Object.entries(propertyDependencies ?? {}).map(([key, urns]) => [key, (urns ?? []).toSorted()]),
    ),
  };
  return { steps: plan.steps, goal: withoutSecrets(normal) as z.output<typeof goal> };
}

function sortedDiff(found: z.output<typeof diff> | undefined): z.output<typeof diff> {
  if (found === undefined) return {};
  const { deletes, ...rest } = found;
  return deletes === undefined || deletes === null || deletes.length === 0
    ? rest
    : { ...rest, deletes: deletes.toSorted() };
}

/**
 * The name of the change that a saved update plan makes. It does not see the value of a secret, retainOnDelete nor
 * replaceOnChanges: an approval binds the request (program, configuration, keyed hash of secrets) beside it.
 */
export function updatePlanDigest(content: UpdatePlanContent): Digest {
  return digest(canonical(content));
}

/**
 * The inputs that a resource shall have: its inputs in the state with the plan's changes.
 * @param before the resource's inputs in the state, {} for one that is created
 * @returns undefined for a resource that the plan does not have, or deletes
 */
export function goalInputs(
  content: UpdatePlanContent,
  urn: string,
  before: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const found = Object.hasOwn(content.resourcePlans, urn) ? content.resourcePlans[urn]?.goal : undefined;
  if (found === undefined) return undefined;
  const { adds = {}, updates = {}, deletes } = found.inputDiff ?? {};
  const inputs: Record<string, unknown> = { ...before, ...adds, ...updates };
  for (const key of deletes ?? []) Reflect.deleteProperty(inputs, key);
  return inputs;
}

/**
 * Whether inputs are those that were approved. What the preview could not know matches anything, and so does a secret,
 * whose value the request binds. `__internal` is the engine's own.
 */
export function matchesGoal(expected: unknown, actual: unknown): boolean {
  if (expected === UNKNOWN || isSecret(expected)) return true;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, index) => matchesGoal(item, actual[index]))
    );
  }
  if (typeof expected !== "object" || expected === null)
    return Object.is(expected, actual ?? null) || expected === actual;
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return false;
  const [left, right] = [expected as Record<string, unknown>, actual as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)].filter((key) => key !== "__internal"));
  return [...keys].every((key) => matchesGoal(left[key] ?? null, right[key] ?? null));
}

/**
 * Whether an update plan is of the whole program, and not of a part: --target and --exclude keep what they leave out as
 * it is ("same"), and with it the stage's record or the canary's step, which depend on everything and change with every
 * change.
 */
export function isWhole({ resourcePlans }: UpdatePlanContent): boolean {
  const record = Object.keys(resourcePlans).find((urn) =>
    [RECORD, STEP].some((name) => urn.endsWith(`::${STASH}::${name}`)),
  );
  const steps = record === undefined ? [] : (resourcePlans[record]?.steps ?? []);
  return steps.some((step) => step === "create" || step === "update");
}

/** The last resource of a canary stack. */
const STEP = "step";

/** One resource of a summary. */
export interface Change {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Names of the inputs that change; for a creation all of them. */
  readonly inputs: readonly string[];
}

/** What an approver reads of a change. */
export interface ChangeSummary {
  readonly creates: readonly Change[];
  readonly updates: readonly Change[];
  readonly replaces: readonly Change[];
  readonly deletes: readonly Change[];
  /** Steps that are none of these ("import", "read"): named, never dropped. */
  readonly others: readonly Change[];
  readonly unchanged: number;
}

/** Sorts a plan's resources by what happens to them. */
export function summarize(content: UpdatePlanContent): ChangeSummary {
  const sorted: Record<Effect, Change[]> = {
    creates: [],
    updates: [],
    replaces: [],
    deletes: [],
    others: [],
    unchanged: [],
  };
  for (const [urn, resource] of Object.entries(content.resourcePlans).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    sorted[effect(resource.steps)].push(change(urn, resource));
  }
  return { ...sorted, unchanged: sorted.unchanged.length };
}

type Effect = Exclude<keyof ChangeSummary, "unchanged"> | "unchanged";

function effect(all: readonly string[]): Effect {
  const kinds = new Set(all);
  if (
    ["replace", "create-replacement", "delete-replaced", "read-replacement", "import-replacement"].some((step) =>
      kinds.has(step),
    )
  )
    return "replaces";
  if (kinds.has("delete")) return "deletes";
  if (kinds.has("create")) return "creates";
  if (kinds.has("update")) return "updates";
  return [...kinds].every((step) => step === "same") ? "unchanged" : "others";
}

function change(urn: string, { goal: wanted }: PlannedResource): Change {
  const parts = urn.split("::");
  const { adds = {}, updates = {}, deletes } = wanted?.inputDiff ?? {};
  return {
    urn,
    type: (parts[2] ?? "").split("$").at(-1) ?? "",
    name: parts.slice(3).join("::"),
    inputs: [...new Set([...Object.keys(adds), ...Object.keys(updates), ...(deletes ?? [])])].toSorted(),
  };
}

/** The types of everything that an update plan changes, each once, sorted; what it leaves as it is is not among them. */
export function changedTypes(content: UpdatePlanContent): string[] {
  const { unchanged: _, ...changes } = summarize(content);
  return [...new Set(Object.values(changes).flatMap((all) => all.map(({ type }) => type)))].toSorted();
}

/** The summary as text, one line a resource: what goes comes first. */
export function renderChanges(summary: ChangeSummary): string {
  const rows = (label: string, changes: readonly Change[], withInputs: boolean): string[] =>
    changes.map(
      (item) =>
        `  ${label}  ${item.type} ${item.name}${withInputs && item.inputs.length > 0 ? `: ${listed(item.inputs)}` : ""}`,
    );
  const { deletes, replaces, updates, creates, others, unchanged } = summary;
  const head = `${creates.length} to create, ${updates.length} to update, ${replaces.length} to replace, ${deletes.length} to delete, ${unchanged} unchanged`;
  return [
    others.length === 0 ? head : `${head}, ${others.length} other`,
    ...rows("delete ", deletes, false),
    ...rows("replace", replaces, true),
    ...rows("update ", updates, true),
    ...rows("create ", creates, false),
    ...rows("other  ", others, true),
  ].join("\n");
}
