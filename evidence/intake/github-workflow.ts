/**
 * A workflow file of GitHub Actions, as it stands in the repository. It is read as GitHub would run it; what depends on
 * something outside the file (an expression, a condition, a workflow that is called) is told as it stands, never guessed.
 */
import { HoldpointError } from "../../rollout/errors";
import type { WorkflowDoubt, WorkflowJob, WorkflowTrigger } from "../../rollout/evidence";
import { readYaml } from "../../rollout/yaml";
import type { WorkflowPredicate } from "../predicates/workflow";
import { commandsOf, failsAtOnce } from "./shell";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse, single } from "./report";

type Tree = Readonly<Record<string, unknown>>;

/** Larger files are no workflows. */
const MAX_BYTES = 512 * 1024;
/** Jobs of a file, and jobs that a matrix makes: the latter is GitHub's own limit. */
const MAX_JOBS = 256;
/** An input with more values than this in a matrix stays the expression that it is. */
const MAX_VALUES = 32;

/** GitHub Actions' YAML → "workflow". */
export const githubWorkflow: Format = {
  name: "GitHub Actions workflow YAML",
  kind: "workflow",
  // Both keys at the left margin; whether they hold what they must is for reading, which says what is wrong.
  recognises: ({ text }) => /^(["']?)on\1[ \t]*:/m.test(text) && /^(["']?)jobs\1[ \t]*:/m.test(text),
  read(files, stated) {
    const file = single(files, "GitHub Actions workflow");
    const data = dataOf(file);
    const name = data["name"];
    if (typeof name !== "string" || name.trim() === "")
      throw refuse("intake-missing-field", `${file.name}: a workflow without a name`, 'give it a "name:" at its top');
    const predicate: WorkflowPredicate = {
      ...finish(file, undefined, stated),
      stage: stated.stage,
      workflow: name.trim(),
      triggers: mutable(triggersOf(data["on"], file)),
      jobs: mutable(jobsOf(data, file)),
    };
    const events = predicate.triggers.map(({ event }) => event).join(", ");
    return {
      predicate,
      summary: `${predicate.workflow}: on ${events}; ${predicate.jobs.map(({ id }) => id).join(", ")}`,
    };
  },
};

/** The predicate's schema knows no read-only lists. */
function mutable<T, U>(value: T): U {
  return value as unknown as U;
}

function wrong(file: ReportFile, what: string): HoldpointError {
  return refuse("intake-workflow", `${file.name}: ${what}`, "mend it until actionlint takes it");
}

function dataOf(file: ReportFile): Tree {
  if (file.bytes.length > MAX_BYTES)
    throw wrong(file, `${file.bytes.length} bytes, a workflow has at most ${MAX_BYTES}`);
  try {
    const { data } = readYaml(file.text, file.name);
    if (isRecord(data)) return data;
  } catch (error) {
    if (error instanceof HoldpointError) throw refuse("intake-workflow", error.message);
    throw error;
  }
  throw wrong(file, "no map of keys");
}

function triggersOf(on: unknown, file: ReportFile): WorkflowTrigger[] {
  const events: [string, unknown][] =
    typeof on === "string"
      ? [[on, null]]
      : Array.isArray(on)
        ? on.map((event) => [wordOf(event), null])
        : Object.entries(isRecord(on) ? on : {});
  if (events.length === 0) throw wrong(file, '"on" names no event');
  return events.map(([event, how]) => (event === "schedule" ? scheduleOf(how, file) : triggerOf(event, how, file)));
}

const SAID = new Set(["branches", "branches-ignore", "types", "inputs", "outputs", "secrets"]);

function triggerOf(event: string, how: unknown, file: ReportFile): WorkflowTrigger {
  if (how !== null && !isRecord(how)) throw wrong(file, `"on.${event}" is no map of filters`);
  const filters = how ?? {};
  const listOf = (key: string): string[] | undefined =>
    filters[key] === undefined ? undefined : texts(filters[key], `on.${event}.${key}`, file);
  const [branches, branchesIgnore, types] = [listOf("branches"), listOf("branches-ignore"), listOf("types")];
  if (branches !== undefined && branchesIgnore !== undefined)
    throw wrong(file, `"on.${event}" has both "branches" and "branches-ignore"`);
  return {
    event,
    ...(branches === undefined ? {} : { branches }),
    ...(branchesIgnore === undefined ? {} : { branchesIgnore }),
    filters: Object.keys(filters).filter((key) => !SAID.has(key)),
    ...(types === undefined ? {} : { types }),
    cron: [],
  };
}

const CRON = /^\s*(?:[\d*,/A-Za-z-]+\s+){4}[\d*,/A-Za-z-]+\s*$/;

function scheduleOf(how: unknown, file: ReportFile): WorkflowTrigger {
  const times = (Array.isArray(how) ? how : []).map((one: unknown) => (isRecord(one) ? one["cron"] : undefined));
  const cron = times.filter((time) => typeof time === "string" && CRON.test(time)) as string[];
  if (cron.length === 0 || cron.length < times.length) throw wrong(file, '"on.schedule" without a time of five fields');
  return { event: "schedule", filters: [], cron };
}

/** A list of texts, or one text. */
function texts(value: unknown, place: string, file: ReportFile): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  const good = all.filter((one) => typeof one === "string" || typeof one === "number").map(String);
  if (good.length === 0 || good.length < all.length || good.some((one) => one.trim() === ""))
    throw wrong(file, `"${place}" is no list of texts`);
  return good;
}

function jobsOf(data: Tree, file: ReportFile): WorkflowJob[] {
  const jobs = data["jobs"];
  const all = isRecord(jobs) ? Object.entries(jobs) : [];
  if (all.length === 0) throw refuse("intake-empty", `${file.name}: a workflow without any job`);
  if (all.length > MAX_JOBS) throw wrong(file, `${all.length} jobs, at most ${MAX_JOBS} are read`);
  const made = all.map(([id, job]) => {
    if (!isRecord(job)) throw wrong(file, `the job "${id}" is empty`);
    return jobOf(id, job, data, file);
  });
  const byId = new Map(made.map((job) => [job.id, job]));
  for (const { id, needs } of made) checkNeeds(id, needs, byId, file);
  return made;
}

/** A workflow with a circle, or with a job that is not there, never starts. */
function checkNeeds(
  id: string,
  needs: readonly string[],
  jobs: ReadonlyMap<string, WorkflowJob>,
  file: ReportFile,
): void {
  const seen = new Set<string>();
  const open = [...needs];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const job = jobs.get(next);
    if (job === undefined) throw wrong(file, `the job "${id}" needs "${next}", which is not there`);
    if (next === id) throw wrong(file, `the job "${id}" waits for itself`);
    if (!seen.has(next)) open.push(...job.needs);
    seen.add(next);
  }
}

function jobOf(id: string, job: Tree, workflow: Tree, file: ReportFile): WorkflowJob {
  const needs = job["needs"] === undefined ? [] : texts(job["needs"], `jobs.${id}.needs`, file);
  const head = { id, needs, ...doubtOf(job) };
  // What a workflow that is called does stands in another file.
  if (typeof job["uses"] === "string") return { ...head, runners: [], steps: [] };
  const steps = job["steps"];
  if (job["runs-on"] === undefined) throw wrong(file, `the job "${id}" has no "runs-on"`);
  if (!Array.isArray(steps) || steps.length === 0) throw wrong(file, `the job "${id}" has no steps`);
  const matrix = matrixOf(job);
  const runners = runnersOf(job["runs-on"], matrix, `jobs.${id}.runs-on`, file);
  const shell = shellOf(job) ?? shellOf(workflow) ?? (runners.some(isWindows) ? "pwsh" : undefined);
  return {
    ...head,
    runners,
    steps: steps.map((step: unknown, index) => {
      if (!isRecord(step)) throw wrong(file, `step ${index + 1} of "${id}" is empty`);
      return stepOf(step, { matrix, shell, place: `step ${index + 1} of "${id}"` }, file);
    }),
  };
}

/** Its own shell goes on after a command that fails. */
function isWindows(runner: string): boolean {
  return /windows/i.test(runner);
}

/** What may keep it from running. `success()` and true are what it is without any `if`. */
function doubtOf(value: Tree): WorkflowDoubt {
  const { if: when, "continue-on-error": passes } = value as { if?: unknown; "continue-on-error"?: unknown };
  const condition = when === undefined || when === null ? "" : bare(wordOf(when));
  const never = condition === "" || condition === "true" || condition === "success()";
  return {
    ...(never ? {} : { condition }),
    ...(passes === undefined || passes === false || passes === "false" ? {} : { mayFail: true as const }),
  };
}

/** "${{ a }}" is what "a" is in a condition. */
function bare(text: string): string {
  return (/^\s*\$\{\{([^}]*)\}\}\s*$/.exec(text)?.[1] ?? text).trim();
}

type Matrix = Readonly<Record<string, readonly string[]>>;

/** Each key of a matrix and its values, where the file has them; what is taken away again is not known. */
function matrixOf(job: Tree): Matrix {
  const strategy = job["strategy"];
  const matrix = isRecord(strategy) ? strategy["matrix"] : undefined;
  if (!isRecord(matrix) || matrix["exclude"] !== undefined) return {};
  const { include, ...keys } = matrix as { include?: unknown } & Tree;
  if (include !== undefined && !Array.isArray(include)) return {};
  const added: unknown[] = include ?? [];
  if (added.length > MAX_JOBS || added.some((one) => !isRecord(one))) return {};
  const names = new Set([...Object.keys(keys), ...added.flatMap((one) => Object.keys(one as Tree))]);
  if (names.size > MAX_JOBS) return {};
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const own = keys[name] ?? [];
      const all = [...(Array.isArray(own) ? own : [undefined]), ...added.flatMap((one) => (one as Tree)[name] ?? [])];
      return all.length <= MAX_JOBS && all.every(isPlain) ? [[name, [...new Set(all.map(String))]]] : [];
    }),
  );
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** A value as a word. A map or a list is none: it stays what it is, which no word equals. */
function wordOf(value: unknown): string {
  return isPlain(value) ? String(value) : JSON.stringify(value);
}

/** The values that a text has in the runs of a matrix; one with any other expression stays what it is. */
function resolved(value: string, matrix: Matrix): readonly string[] {
  const key = /^\s*\$\{\{\s*matrix\.([\w-]+)\s*\}\}\s*$/.exec(value)?.[1];
  const values = key !== undefined && Object.hasOwn(matrix, key) ? matrix[key] : undefined;
  return values === undefined || values.length === 0 ? [value] : values;
}

function few(value: string, matrix: Matrix): readonly string[] {
  const values = resolved(value, matrix);
  return values.length > MAX_VALUES ? [value] : values;
}

function runnersOf(value: unknown, matrix: Matrix, place: string, file: ReportFile): string[] {
  if (typeof value === "string" && value.trim() !== "") return [...resolved(value, matrix)];
  if (isRecord(value)) {
    const { group, labels } = value as { group?: unknown; labels?: unknown };
    if (group === undefined && labels === undefined) throw wrong(file, `"${place}" names no machine`);
    const named = labels === undefined ? [] : texts(labels, place, file);
    return [[...(group === undefined ? [] : [`group ${wordOf(group)}`]), ...named].join(", ")];
  }
  return [texts(value, place, file).join(", ")];
}

/** Shell that the file sets for all steps of it, or of a job. */
function shellOf(value: Tree): string | undefined {
  const run = isRecord(value["defaults"]) ? value["defaults"]["run"] : undefined;
  const shell = isRecord(run) ? run["shell"] : undefined;
  return shell === undefined ? undefined : wordOf(shell);
}

interface Surroundings {
  readonly matrix: Matrix;
  readonly shell: string | undefined;
  readonly place: string;
}

function stepOf(step: Tree, { matrix, shell, place }: Surroundings, file: ReportFile): WorkflowJob["steps"][number] {
  const { uses, run } = step as { uses?: unknown; run?: unknown };
  if ((typeof uses === "string") === (typeof run === "string"))
    throw wrong(file, `${place} has not exactly one of "uses" and "run"`);
  const doubt = doubtOf(step);
  if (typeof run === "string") {
    const own = step["shell"] === undefined ? shell : wordOf(step["shell"]);
    return { ...doubt, commands: failsAtOnce(own) ? commandsOf(run) : [] };
  }
  const [action = "", version] = String(uses).trim().split("@");
  if (action === "") throw wrong(file, `${place} uses nothing`);
  const inputs = isRecord(step["with"]) ? Object.entries(step["with"]) : [];
  const given = inputs.flatMap(([key, value]) =>
    isPlain(value) && String(value).trim() !== "" ? [[key, few(String(value), matrix)] as const] : [],
  );
  return {
    ...doubt,
    action,
    ...(version === undefined || version === "" ? {} : { version }),
    ...(given.length === 0 ? {} : { with: Object.fromEntries(given) }),
  };
}
