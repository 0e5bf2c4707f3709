/** The file of a pipeline: when it starts, in which order its jobs run, what they run on and with. */
import type { EvidenceFacts, WorkflowDoubt, WorkflowJob, WorkflowTrigger } from "../evidence";
import { glob } from "../glob";
import type { CriterionOf } from "../plan";
import { showDuration } from "../units";
import type { World } from "../world";
import { counted, listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest } from "./select";

type Criterion = CriterionOf<"workflow">;
type Facts = EvidenceFacts["workflow"];
type Wanted = NonNullable<Criterion["jobs"]>[string];

/** The workflow says everything that is asked, and nothing beside it that would take it back. */
export function judgeWorkflow(criterion: Criterion, world: World): Answer {
  const { workflow, on, order, jobs } = criterion;
  const asked = [
    ...(on === undefined ? [] : [`starts on ${listed(on)}`]),
    ...(order === undefined ? [] : [`runs ${order.join(" → ")}`]),
    ...(jobs === undefined ? [] : [`has the jobs ${listed(Object.keys(jobs))} as the plan says`]),
  ];
  const latest = {
    wish: {
      kind: "workflow",
      noun: `workflow "${workflow}"`,
      about: (facts: Facts) => facts.workflow === workflow,
    },
    criterion,
    world,
    wanted: `the workflow "${workflow}" that ${asked.join(", ")}, read within ${showDuration(criterion.maxAge)}`,
    remedy: "mend the workflow's file, and attest it as it is at the release's commit",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const wrong = [
      ...(on ?? []).flatMap((one) => whyNotOn(one, facts.triggers)),
      ...wrongOrder(order ?? [], facts.jobs),
      ...neededJobs(criterion).flatMap((id) => wrongJob(id, jobs?.[id], facts.jobs)),
    ];
    if (wrong.length > 0) return { verdict: "fail", found: `"${workflow}": ${[...new Set(wrong)].join("; ")}` };
    return { verdict: "pass", found: `"${workflow}" of ${counted(facts.jobs.length, "job")} ${asked.join(", ")}` };
  });
}

/** Jobs that must run, and whose failure must count: each that the criterion names. */
function neededJobs({ order = [], jobs = {} }: Criterion): string[] {
  return [...new Set([...order, ...Object.keys(jobs)])];
}

const EVENTS: Readonly<Record<string, string>> = { push: "push", "pull request": "pull_request" };
/** What makes a pull request new to a pipeline; together they are what GitHub takes by default. */
const EVERY_CHANGE = ["opened", "synchronize", "reopened"];

/** Why the workflow does not start on "push to main", in words; nothing where it does. */
function whyNotOn(asked: string, triggers: readonly WorkflowTrigger[]): string[] {
  if (asked === "daily") {
    const times = triggers.flatMap(({ event, cron }) => (event === "schedule" ? cron : []));
    if (times.some(isDaily)) return [];
    return [times.length === 0 ? "no schedule" : `not every day, but at ${listed(times.map((time) => `"${time}"`))}`];
  }
  const [what = "", branch] = asked.split(" to ");
  const event = EVENTS[what];
  const found = triggers.filter((one) => one.event === event);
  const reasons = found.map((one) => whyLess(one, branch));
  if (reasons.some((reason) => reason === undefined)) return [];
  return [
    reasons.length === 0
      ? `does not start on ${asked}`
      : `does not start on every ${asked}: ${listed(reasons as string[])}`,
  ];
}

/** Why a trigger is not every push (to the branch), or every change of every pull request; undefined where it is. */
function whyLess(trigger: WorkflowTrigger, branch: string | undefined): string | undefined {
  const { event, branches, branchesIgnore, filters, types } = trigger;
  const some = filters.filter((filter) => !filter.startsWith("tags"));
  if (some.length > 0) return `limited by ${listed(some)}`;
  if (types !== undefined && !EVERY_CHANGE.every((type) => types.includes(type))) return `only when ${listed(types)}`;
  // Whoever filters tags and not branches gets pushes of tags alone.
  const onlyTags = event === "push" && filters.length > 0 && branches === undefined && branchesIgnore === undefined;
  if (onlyTags) return "tags only";
  const isIn = branch === undefined ? isEveryBranch(branches, branchesIgnore) : takes(branches, branchesIgnore, branch);
  return isIn
    ? undefined
    : `only ${[...(branches ?? []), ...(branchesIgnore ?? []).map((one) => `!${one}`)].join(", ")}`;
}

function isEveryBranch(branches: WorkflowTrigger["branches"], ignored: WorkflowTrigger["branchesIgnore"]): boolean {
  if (ignored !== undefined) return false;
  return branches === undefined || (branches.includes("**") && branches.every((one) => !one.startsWith("!")));
}

function takes(
  branches: WorkflowTrigger["branches"],
  ignored: WorkflowTrigger["branchesIgnore"],
  branch: string,
): boolean {
  if (ignored?.some((one) => isOdd(one) || glob(one)(branch)) === true) return false;
  // The last pattern that matches decides, as GitHub reads them.
  return (branches ?? ["**"]).reduce((taken, one) => {
    const leavesOut = one.startsWith("!");
    const pattern = leavesOut ? one.slice(1) : one;
    if (isOdd(pattern)) return leavesOut ? false : taken;
    return glob(pattern)(branch) ? !leavesOut : taken;
  }, false);
}

/** Patterns with more than stars: not taken for a match, and taken for one that leaves out. */
function isOdd(pattern: string): boolean {
  return /[?+[\]\\]/.test(pattern);
}

/** Five fields, of which the day, the month and the weekday are any. */
function isDaily(cron: string): boolean {
  const [, , day, month, weekday, ...more] = cron.trim().split(/\s+/);
  return more.length === 0 && day === "*" && month === "*" && (weekday === "*" || weekday === "0-6");
}

function wrongOrder(order: readonly string[], jobs: readonly WorkflowJob[]): string[] {
  return order.slice(1).flatMap((id, index) => {
    const before = order[index] ?? "";
    const both = [before, id].every((one) => jobs.some((job) => job.id === one));
    return !both || waitsFor(id, before, jobs) ? [] : [`${id} does not wait for ${before}`];
  });
}

/** Whether a job needs another, directly or by those between. */
function waitsFor(id: string, other: string, jobs: readonly WorkflowJob[], seen: readonly string[] = []): boolean {
  const needs = jobs.find((job) => job.id === id)?.needs ?? [];
  return needs.some((one) => one === other || (!seen.includes(one) && waitsFor(one, other, jobs, [...seen, id])));
}

/** Everything that keeps a job from being what is asked. */
function wrongJob(id: string, wanted: Wanted | undefined, jobs: readonly WorkflowJob[]): string[] {
  const job = jobs.find((one) => one.id === id);
  if (job === undefined) return [`no job ${id}`];
  const { runsOn, uses = {}, runs = [], only } = wanted ?? {};
  return [
    ...doubts(job, only).map((doubt) => `${id} ${doubt}`),
    ...(runsOn === undefined || job.runners.includes(runsOn)
      ? []
      : [
          `${id} runs on ${job.runners.length === 0 ? "nothing that it names" : listed(job.runners)}, not on ${runsOn}`,
        ]),
    ...Object.entries(uses).flatMap(([action, how]) => whyNotUsed(action, how, job)),
    ...runs.flatMap((command) => whyNotRun(command, job)),
  ];
}

function doubts({ condition, mayFail }: WorkflowDoubt, only?: string): string[] {
  return [
    ...(condition === undefined || condition === only ? [] : [`runs only if ${condition}`]),
    ...(mayFail === undefined ? [] : ["may fail and be passed over (continue-on-error)"]),
  ];
}

type Used = NonNullable<Wanted["uses"]>[string];
type Step = WorkflowJob["steps"][number];

function whyNotUsed(action: string, how: Used, { id, steps }: WorkflowJob): string[] {
  const meant = steps.filter((step) => step.action === action);
  if (meant.length === 0) return [`${id} does not use ${action}`];
  const reasons = meant.map((step) => [...doubts(step), ...otherwise(step, how)]);
  return reasons.some((each) => each.length === 0) ? [] : [`${id}: ${action} ${listed(reasons.flat())}`];
}

function otherwise({ version, with: inputs = {} }: Step, how: Used): string[] {
  const right = how.version === undefined || version === how.version || version?.startsWith(`${how.version}.`) === true;
  const other = Object.entries(how.with ?? {}).flatMap(([key, value]) => {
    const found = Object.hasOwn(inputs, key) ? (inputs[key] ?? []) : [];
    return found.includes(value) ? [] : [`with ${key} ${found.length === 0 ? "not set" : listed(found)}, not ${value}`];
  });
  return [...(right ? [] : [`at ${version ?? "no version"}, not ${how.version ?? ""}`]), ...other];
}

function whyNotRun(command: string, { id, steps }: WorkflowJob): string[] {
  const isIt = (one: string): boolean => one === command || one.startsWith(`${command} `);
  const meant = steps.filter(({ commands = [] }) => commands.some(isIt));
  if (meant.length === 0) return [`${id} does not run "${command}"`];
  const reasons = meant.map((step) => doubts(step));
  return reasons.some((each) => each.length === 0) ? [] : [`${id}: "${command}" ${listed(reasons.flat())}`];
}
