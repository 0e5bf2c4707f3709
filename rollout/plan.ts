/**
 * The rollout plan: the team's document as data. `parsePlan` turns the text of plans/*.yaml into a Plan or into one
 * error with every mistake in it: types, unknown keys, dangling names, steps that do not rise.
 *
 * Units are parsed here and nowhere else: durations are milliseconds, percentages fractions 0..1, weights whole
 * percent 1..100.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { checkNames } from "./plan-names";
import { clockTime, duration, money, percent, ratio, weight } from "./units";
import { mistakesError, mistakesOf, readYaml } from "./yaml";
import type { Path } from "./yaml";

const name = z
  .string('a name such as "smoke-tests"')
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "a name of lower-case letters, digits and hyphens, at most 63");
const text = z.string("text").min(1, "text, not empty").max(400, "text of at most 400 characters");
const names = z.array(name, "a list of names").min(1, "at least one name");
const count = z.int("a whole number").min(0, "a number from 0");
const atLeastOne = z.int("a whole number").min(1, "a number from 1");
/** Ids of the demands that something enforces: "OH-71". */
const covers = z
  .array(z.string('an id such as "OH-71"').regex(/^[A-Z]{2,4}-\d{2,3}$/, 'an id such as "OH-71"'))
  .readonly()
  .default([]);

/** What every criterion has. */
const head = {
  /** Unique in the plan: names the criterion in findings, waivers and commands. */
  id: name,
  title: text,
  /** Handle of who can mend it. */
  owner: name,
  /** What to do when it is unmet; by default its kind's own advice. */
  remedy: text.optional(),
  /** The command that does it; by default its kind's own. */
  command: text.optional(),
  covers,
};

/** What every criterion that rests on evidence has. */
const evidenceHead = {
  ...head,
  /** Roles of which one signer of the evidence must hold one. */
  attestedBy: names,
  /**
   * What the evidence must be about. release: this commit or this image (the default); commit; image; any: not tied to
   * a release (a restore drill, an on-call schedule).
   */
  subject: z.enum(["release", "commit", "image", "any"]).default("release"),
  /** The stage it must have been observed in; without it, no stage is asked for. */
  stage: name.optional(),
  /** Evidence that was finished longer ago than this is stale. */
  maxAge: duration,
};

const tests = z.strictObject({
  kind: z.literal("tests"),
  ...evidenceHead,
  suite: name,
  /** The newest runs, all of which must have passed. */
  runs: atLeastOne.default(1),
  /** A run with fewer tests than this does not count as passed. */
  atLeast: atLeastOne.default(1),
  /** Tests that may be skipped, by name; any other skipped test fails the run. */
  maySkip: z.array(text).readonly().default([]),
});

const vulnerabilities = z.strictObject({
  kind: z.literal("vulnerabilities"),
  ...evidenceHead,
  /** Most findings allowed of each severity; a severity without a number is not limited, "unknown" is 0 by default. */
  atMost: z.strictObject({
    critical: count,
    high: count.optional(),
    medium: count.optional(),
    low: count.optional(),
    unknown: count.default(0),
  }),
  /** Age of the scanner's database; a report that does not tell its date is stale then. */
  databaseMaxAge: duration.optional(),
});

const drill = z.strictObject({
  kind: z.literal("drill"),
  ...evidenceHead,
  /** "rollback", "restore". */
  drill: name,
  /** It must have taken less than this. */
  within: duration.optional(),
  /** Restored data must have been verified. */
  integrity: z.literal("verified").optional(),
});

const cost = z.strictObject({
  kind: z.literal("cost"),
  ...evidenceHead,
  /** The estimate for a month, both ends included. */
  monthly: z.strictObject({ min: money, max: money }),
});

const onCall = z.strictObject({
  kind: z.literal("on-call"),
  ...evidenceHead,
  /** Levels that must be filled without a gap, each by another person. */
  levels: z
    .array(z.enum(["primary", "secondary"]))
    .min(1, "at least one level")
    .readonly(),
  /** From now on for this long. */
  for: duration,
});

const runbooks = z.strictObject({
  kind: z.literal("runbooks"),
  ...evidenceHead,
  /** Names from the plan's `runbooks`. */
  names,
  /** Sections that each must have. */
  sections: z.array(text).readonly().default([]),
});

const freeze = z.strictObject({
  kind: z.literal("freeze"),
  ...evidenceHead,
  branch: text,
  /** Since at least this long nothing but emergency fixes was merged. */
  before: duration,
});

const backup = z.strictObject({
  kind: z.literal("backup"),
  ...evidenceHead,
  scope: name,
  trigger: z.enum(["manual", "scheduled", "any"]),
  integrity: z.literal("verified"),
});

const pipelines = z.strictObject({
  kind: z.literal("pipelines"),
  ...evidenceHead,
  branch: text,
  /** Pipelines that must be among them. */
  names: z.array(text).readonly().default([]),
});

/** The stage's window is open. */
const window = z.strictObject({ kind: z.literal("window"), ...head });

/** The stage before has this release. */
const stageDone = z.strictObject({ kind: z.literal("stage-done"), ...head, stage: name });

/** The canary's weight is 0 while the release behind it changes, and a new baseline has taken all traffic before. */
const canaryAtRest = z.strictObject({ kind: z.literal("canary-at-rest"), ...head });

/** Approvals by people of these roles, each for this exact change and never the author's own. */
const approvalHead = {
  ...head,
  from: names,
  /** How many different people. */
  count: atLeastOne.default(1),
  /** An approval older than this must be given again. */
  validFor: duration,
  /** Always: whoever wrote the change can't approve it. It stands in the plan so that a reader sees it. */
  excludeAuthor: z.literal(true, "true: the author of a change never approves it").default(true),
};

const updatePlanReview = z.strictObject({ kind: z.literal("update-plan-review"), ...approvalHead });

const signOff = z.strictObject({
  kind: z.literal("sign-off"),
  ...approvalHead,
  /** Who may attest that an item of a conditional sign-off is done. */
  itemsAttestedBy: names,
});

/** One condition of a gate. */
const criterion = z.discriminatedUnion("kind", [
  tests,
  vulnerabilities,
  drill,
  cost,
  onCall,
  runbooks,
  freeze,
  backup,
  pipelines,
  window,
  stageDone,
  canaryAtRest,
  updatePlanReview,
  signOff,
]);

/** What guards a transition. A gate without criteria would be open to everyone: at least one. */
const gate = z.strictObject({
  criteria: z.array(criterion, "a list of criteria").min(1, "at least one criterion").readonly(),
});

/** When a stage may be changed, every week. Starts included, ends excluded. */
const weeklyWindow = z.strictObject({
  /** IANA name: "UTC", "Europe/Berlin". */
  timeZone: text.refine(isTimeZone, 'an IANA time zone such as "Europe/Berlin"'),
  days: z
    .array(z.enum(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]))
    .min(1, "at least one day")
    .readonly(),
  /** Local time at which it opens. */
  from: clockTime,
  /** How long it stays open, in elapsed time. */
  for: duration,
  covers,
});

const step = z.strictObject({
  weight,
  /** The least time at this step; for the last one, the watch after it, which must end inside the window. */
  hold: duration,
  covers,
});

/** When a step counts as passed, by what was measured while it was held. */
const judge = z.strictObject({
  /** Fewer requests than this on either track are no verdict: the step stays. */
  minRequests: atLeastOne,
  /** Fewer health probes than this of the canary are no verdict. */
  minProbes: atLeastOne.default(1),
  errorRate: z.strictObject({
    below: ratio,
    of: z.literal("baseline"),
    /** The baseline's rate counts as at least this, so that a baseline without any error can be compared with. */
    floor: percent,
    covers,
  }),
  p95: z.strictObject({ below: ratio, of: z.literal("baseline"), covers }),
  health: z.strictObject({ passing: percent, covers }),
});

const canary = z.strictObject({
  steps: z.array(step, "a list of steps").min(1, "at least one step").readonly(),
  owner: name,
  judge,
});

const stage = z.strictObject({
  name,
  title: text.optional(),
  enter: gate,
  window: weeklyWindow.optional(),
  canary: canary.optional(),
  covers,
});

/** A condition that forces a rollback or calls somebody; alerts are made from it. */
const trigger = z.strictObject({
  id: name,
  title: text,
  severity: z.enum(["critical", "warning"]),
  /** What is watched, on the canary's track against the baseline's, or on the service as a whole. */
  when: z.discriminatedUnion("metric", [
    z.strictObject({
      metric: z.literal("error-rate"),
      above: z.union([ratio, percent], 'a ratio such as "2x" or a percentage such as "1%"'),
      of: z.enum(["baseline", "requests"]),
      for: duration.optional(),
    }),
    z.strictObject({
      metric: z.literal("p95"),
      above: z.union([ratio, duration], 'a ratio such as "1.5x" or a duration such as "500 ms"'),
      of: z.enum(["baseline", "requests"]),
      for: duration.optional(),
    }),
    z.strictObject({
      metric: z.literal("health"),
      failing: z.literal(true),
      of: z.enum(["canary", "service", "database"]),
      for: duration.optional(),
    }),
  ]),
  does: z.enum(["rollback", "page"]),
  /** Name from the plan's `runbooks`: what the called person opens. */
  runbook: name.optional(),
  owner: name,
  covers,
});

const schema = z.strictObject({
  apiVersion: z.literal("holdpoint.dev/v1"),
  kind: z.literal("RolloutPlan"),
  name,
  title: text,
  /** Name of the service; its Kubernetes objects and namespaces begin with it. */
  service: name,
  /** Handle → how to reach them. */
  owners: z.record(name, z.strictObject({ contact: text })),
  /** Role → what it may do, for readers. Who holds a role is in the trust file, not here. */
  roles: z.record(name, text),
  slo: z.strictObject({
    /** Fraction of requests without an error. */
    availability: percent,
    /** 95 % of requests are faster than this. */
    p95: duration,
    /** Over which the budget is counted. */
    window: duration,
    /** Fraction of the error budget that must be left a day after a rollout. */
    errorBudgetLeft: percent,
    covers,
  }),
  /** Name → where it is kept. */
  runbooks: z.record(name, text),
  stages: z.array(stage, "a list of stages").min(1, "at least one stage").readonly(),
  triggers: z.array(trigger, "a list of triggers").readonly().default([]),
  rollback: z.strictObject({
    /** From the command to the last request served by the new version. */
    within: duration,
    /** Handles that are told. */
    tell: names,
    covers,
  }),
});

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    // An offset is no zone: it knows nothing of daylight saving.
    return !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}

/** Where a plan came from. */
export interface PlanSource {
  readonly file: string;
  /** sha256 of the text. */
  readonly digest: string;
  /** "plans/omnihub.yaml:41" for the item at a path of the plan. */
  at(path: Path): string;
}

/** A parsed plan and where it came from. */
export type Plan = z.output<typeof schema> & { readonly source: PlanSource };
export type Stage = Plan["stages"][number];
export type Window = NonNullable<Stage["window"]>;
export type Canary = NonNullable<Stage["canary"]>;
export type Step = Canary["steps"][number];
export type Judge = Canary["judge"];
export type Trigger = Plan["triggers"][number];
export type Criterion = Stage["enter"]["criteria"][number];
export type CriterionKind = Criterion["kind"];
export type CriterionOf<K extends CriterionKind> = Extract<Criterion, { kind: K }>;
/** Criteria that rest on evidence. */
export type EvidenceCriterion = Extract<Criterion, { attestedBy: readonly string[] }>;
/** Criteria that rest on approvals. */
export type ApprovalCriterion = Extract<Criterion, { from: readonly string[] }>;

/** The schema, for a JSON Schema of the input and for tests. */
export const planSchema = schema;

/**
 * The plan in a text.
 * @param file as messages shall name it: "plans/omnihub.yaml"
 * @throws HoldpointError `yaml-syntax`, `file-too-large`, or `plan-invalid` with all mistakes at once
 */
export function parsePlan(content: string, file: string): Plan {
  const from = readYaml(content, file);
  const result = schema.safeParse(from.data);
  const mistakes = [...(result.success ? [] : mistakesOf(result.error, from, schema)), ...checkNames(from.data)];
  if (!result.success || mistakes.length > 0) {
    throw mistakesError("plan-invalid", mistakes, from, {
      remedy: `mend ${file} at the named places; docs/plan.md has every key`,
    });
  }
  const source: PlanSource = { file, digest: planDigest(content), at: (path) => `${file}:${from.lineOf(path)}` };
  return Object.freeze({ ...result.data, source });
}

/** sha256 (hex) of a plan's text: what approvals and records name it by. */
export function planDigest(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The stage of a name, or undefined. */
export function stageOf(plan: Plan, name: string): Stage | undefined {
  return plan.stages.find((candidate) => candidate.name === name);
}

/** "plans/omnihub.yaml:41": where the plan has a criterion of a stage's entry. */
export function criterionLine(plan: Plan, stageName: string, id: string): string {
  const stageIndex = plan.stages.findIndex((candidate) => candidate.name === stageName);
  const index = plan.stages[stageIndex]?.enter.criteria.findIndex((candidate) => candidate.id === id) ?? -1;
  return index < 0 ? plan.source.file : plan.source.at(["stages", stageIndex, "enter", "criteria", index]);
}
