/**
 * What was merged into a branch, for a code freeze: pull requests as
 * `gh pr list --state merged --json number,title,mergeCommit,labels,mergedAt,baseRefName` writes them (label
 * "emergency" for emergency fixes), or `git log --first-parent --merges --format='%H %cI %s'`, which knows no labels: there no
 * merge is an emergency.
 */
import { z } from "zod";
import type { FreezePredicate } from "../predicates/freeze";
import { formatUtc, parseInstant } from "../time";
import type { Format, Intake, ReportFile, Stated } from "./report";
import { finish, isRecord, refuse, required, single } from "./report";
import { readAs } from "./schema";

/** `gh pr list` stops here unless told otherwise. */
const GH_DEFAULT_LIMIT = 30;

const pullRequest = z.object({
  number: z.number().int(),
  title: z.string().min(1),
  mergeCommit: z.object({ oid: z.string().regex(/^[0-9a-f]{40}$/, "a full commit") }, "a merge commit"),
  labels: z.array(z.object({ name: z.string() })),
  mergedAt: z.string(),
  baseRefName: z.string().min(1),
});

interface Merge {
  readonly commit: string;
  readonly title: string;
  readonly mergedAt: number;
  readonly emergency: boolean;
}

/** Merged pull requests → "freeze". An empty list says nothing of what it is, so there the kind must be named. */
export const pullRequests: Format = {
  name: "merged pull requests JSON",
  kind: "freeze",
  recognises: ({ json }) =>
    Array.isArray(json) && json.every((one: unknown) => isRecord(one) && "mergedAt" in one && "mergeCommit" in one),
  read(files, stated) {
    const file = single(files, "merged pull requests JSON");
    const all = readAs(z.array(pullRequest), file.json, file, "merged pull requests");
    const branch = required(stated.branch, "which branch is frozen", "--branch <name>");
    const merges = all
      .filter(({ baseRefName }) => baseRefName === branch)
      .map(({ number, title, mergeCommit, labels, mergedAt }) => ({
        commit: mergeCommit.oid,
        title: `#${number} ${title}`,
        mergedAt: instant(file, mergedAt),
        emergency: labels.some(({ name }) => name === "emergency"),
      }));
    return write(file, merges, branch, stated, all.length >= GH_DEFAULT_LIMIT);
  },
};

const LOG_LINE = /^([0-9a-f]{40}) (\S+) (.+)$/;

/** `git log` of merges → "freeze". */
export const gitMerges: Format = {
  name: "git log of merges",
  kind: "freeze",
  recognises: ({ text }) => LOG_LINE.test(text.split("\n", 1)[0] ?? ""),
  read(files, stated) {
    const file = single(files, "git log of merges");
    const merges = file.text
      .split("\n")
      .filter((line) => line !== "")
      .map((line, index) => {
        const [, commit, time, title] = LOG_LINE.exec(line) ?? [];
        if (commit === undefined || time === undefined || title === undefined) {
          throw refuse("intake-truncated", `${file.name}: line ${index + 1} is not "<commit> <time> <title>"`);
        }
        return { commit, title, mergedAt: instant(file, time), emergency: false };
      });
    return write(file, merges, required(stated.branch, "which branch is frozen", "--branch <name>"), stated, false);
  },
};

function write(file: ReportFile, all: readonly Merge[], branch: string, stated: Stated, mayBeCut: boolean): Intake {
  const since = required(stated.since, "since when the branch is frozen", "--since <time in UTC>");
  const merges = all.filter(({ mergedAt }) => mergedAt >= since);
  if (mayBeCut && merges.length === all.length) {
    throw refuse(
      "intake-truncated",
      `${file.name}: ${all.length} merges, all after the freeze began: there may be more`,
      "ask for more: gh pr list --limit 1000",
    );
  }
  const predicate: FreezePredicate = {
    ...finish(file, undefined, stated),
    stage: stated.stage,
    branch,
    since: formatUtc(since),
    merges: merges.map(({ commit, title, mergedAt, emergency }) => ({
      commit,
      title,
      mergedOn: formatUtc(mergedAt),
      emergency,
    })),
  };
  const emergencies = merges.filter(({ emergency }) => emergency).length;
  return {
    predicate,
    summary: `${merges.length} merges into ${branch} since ${formatUtc(since)}, ${emergencies} of them emergencies`,
  };
}

function instant(file: ReportFile, text: string): number {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: a merge without a time with a zone`);
  return time;
}
