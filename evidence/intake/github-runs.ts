/**
 * Workflow runs as `gh run list --json name,conclusion,headBranch,headSha,status` writes them, newest first; with
 * `updatedAt` among the members the report says itself when the last run ended, and with `startedAt` how long each took.
 */
import { z } from "zod";
import type { PipelinesPredicate } from "../predicates/pipelines";
import { formatUtc, parseInstant } from "../time";
import type { Format, Stated } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

const run = z.object({
  name: z.string().min(1),
  conclusion: z.string().nullable(),
  headBranch: z.string().min(1),
  headSha: z.string().regex(/^[0-9a-f]{40}$/, "a full commit"),
  status: z.string().min(1),
  startedAt: z.string().optional(),
  updatedAt: z.string().optional(),
});
type GithubRun = z.output<typeof run>;

/** GitHub Actions runs → "pipelines". */
export const githubRuns: Format = {
  name: "GitHub workflow runs JSON",
  kind: "pipelines",
  recognises: ({ json }) =>
    Array.isArray(json) &&
    json.length > 0 &&
    json.every((one: unknown) => isRecord(one) && "headSha" in one && "conclusion" in one),
  read(files, stated) {
    const file = single(files, "GitHub workflow runs JSON");
    const runs = readAs(z.array(run), file.json, file, "GitHub workflow runs");
    const branch = branchOf(runs, stated);
    const here = runs.filter(({ headBranch }) => headBranch === branch);
    if (here.length === 0) throw refuse("intake-empty", `${file.name}: no run on branch "${branch}"`);
    const predicate: PipelinesPredicate = {
      ...finish(file, lastUpdate(here), stated),
      stage: stated.stage,
      branch,
      pipelines: newest(here).map((one) => ({
        name: one.name,
        conclusion: one.status === "completed" ? one.conclusion || "unknown" : one.status,
        commit: one.headSha,
        ...span(one),
      })),
    };
    const words = predicate.pipelines.map(({ name, conclusion }) => `${name}: ${conclusion}`);
    return { predicate, summary: `${branch}: ${words.slice(0, 5).join(", ")}${words.length > 5 ? ", …" : ""}` };
  },
};

function branchOf(runs: readonly GithubRun[], stated: Stated): string {
  const branches = [...new Set(runs.map(({ headBranch }) => headBranch))];
  if (stated.branch !== undefined) return stated.branch;
  const [only] = branches;
  if (only !== undefined && branches.length === 1) return only;
  throw refuse(
    "intake-missing-field",
    `runs of ${branches.length} branches, and not said which is meant`,
    "name it with --branch <name>",
  );
}

/**
 * The newest run of each workflow and commit: a repeated run supersedes the one before. Where the report has no times, the
 * list is newest first.
 */
function newest(runs: readonly GithubRun[]): GithubRun[] {
  const byKey = new Map<string, GithubRun>();
  const at = ({ updatedAt }: GithubRun): number => parseInstant(updatedAt ?? "") ?? Number.NaN;
  for (const one of runs) {
    const key = `${one.headSha} ${one.name}`;
    const before = byKey.get(key);
    if (before === undefined || at(one) > at(before)) byKey.set(key, one);
  }
  return [...byKey.values()];
}

/** When a run began and ended; nothing where the report does not say both, or it still runs. */
function span({ status, startedAt, updatedAt }: GithubRun): { startedOn?: string; finishedOn?: string } {
  const [start, end] = [startedAt, updatedAt].map((text) => (text === undefined ? undefined : parseInstant(text)));
  if (status !== "completed" || start === undefined || end === undefined) return {};
  return { startedOn: formatUtc(start), finishedOn: formatUtc(end) };
}

function lastUpdate(runs: readonly GithubRun[]): number | undefined {
  const times = runs.map(({ updatedAt }) => (updatedAt === undefined ? undefined : parseInstant(updatedAt)));
  const known = times.filter((time) => time !== undefined);
  return known.length === times.length ? known.reduce((a, b) => Math.max(a, b)) : undefined;
}
