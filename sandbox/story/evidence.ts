import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Release } from "../../rollout/release";
import { HoldpointError } from "../../rollout/errors";
import { projectFolder } from "../project";
import { last } from "./shown";
import { writeReports } from "./reports";
import type { Teller } from "./teller";

/** How many smoke runs the plan wants, and how many reports are attested at a time. */
const RUNS = 5;
const AT_ONCE = 2;

/** The release that production's stack file asks for. */
export function releaseOf(dir: string): Release {
  const file = join(projectFolder(dir), "Pulumi.production.yaml");
  return (parse(readFileSync(file, "utf8")) as { config: { "holdpoint:release": Release } }).config[
    "holdpoint:release"
  ];
}

/** Runs staging's smoke tests with vitest, against what really answers behind the gateway, and attests each run. */
export async function attestSmokeRuns(teller: Teller, dir: string, gateway: string): Promise<void> {
  const folder = join(dir, "reports", releaseOf(dir).version, "smoke");
  mkdirSync(folder, { recursive: true });
  const files = Array.from({ length: RUNS }, (_, run) => join(folder, `run-${run + 1}.xml`));
  const env = { SMOKE_GATEWAY: gateway, SMOKE_HOST: "staging.omnihub.dev" };
  // One after the other: two reports that end in the same millisecond count as one run.
  for (const file of files) await teller.quietly(smokeCommand(file), env);
  teller.say(`   ${RUNS} runs of the smoke tests by vitest against ${env.SMOKE_HOST} behind ${gateway}`);
  for (let from = 0; from < files.length; from += AT_ONCE) {
    await Promise.all(files.slice(from, from + AT_ONCE).map((file) => teller.quietly(attestSmoke(file))));
  }
  teller.told(
    `holdpoint attest --stage staging --suite smoke --as ci-staging ${join(folder, "run-<n>.xml")}`,
    `${RUNS} times`,
  );
}

function smokeCommand(file: string): [string, ...string[]] {
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  return ["node", vitest, "run", "--root", join("sandbox", "smoke"), "--reporter=junit", `--outputFile=${file}`];
}

function attestSmoke(file: string): [string, ...string[]] {
  return ["holdpoint", "attest", "--stage", "staging", "--suite", "smoke", "--as", "ci-staging", file];
}

/** Attests the drill of the restore: the sandbox has no database, so a copy of a file stands in for it, and says so. */
export async function attestRestore(teller: Teller): Promise<void> {
  const drill = [process.execPath, join("sandbox", "story", "restore-drill.cjs")];
  const verify = ["--verify", ...drill, "verify"];
  await teller.run(
    [
      "holdpoint",
      "attest",
      "run",
      "--stage",
      "staging",
      "--drill",
      "restore",
      "--as",
      "sam@omnihub.dev",
      ...verify,
      "--",
      ...drill,
      "restore",
    ],
    {
      show: last(1),
      as: "holdpoint attest run --stage staging --drill restore --as sam@omnihub.dev --verify … -- <restore drill>",
    },
  );
}

/**
 * Writes the other reports as their tools would write them now, and attests each as who would.
 * @param frozen machine time since which nothing was merged
 */
export async function attestReports(teller: Teller, dir: string, frozen: number): Promise<void> {
  const release = releaseOf(dir);
  const now = Date.now();
  const reports = writeReports(join(dir, "reports", release.version), release, now);
  const finished = ["--finished-at", new Date(now).toISOString()];
  const main = ["--branch", "main", ...finished];
  const attest = (by: string, files: readonly string[], ...more: string[]): [string, ...string[]] => [
    "holdpoint",
    "attest",
    "--stage",
    "production",
    "--as",
    by,
    ...more,
    ...files,
  ];
  const all: readonly [string, ...string[]][] = [
    attest("ci-security", [reports.snyk], ...finished),
    attest("ci-cost", [reports.infracost]),
    attest("oncall-sync", [reports.oncall], ...finished),
    attest("sam@omnihub.dev", [reports.runbooks]),
    freeze(reports.merges, frozen, now),
    attest("ci-main", [reports.pipelines], ...main),
    attest("db-backup", reports.backup, "--scope", "full", "--trigger", "manual"),
  ];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    await Promise.all(all.slice(from, from + AT_ONCE).map((command) => attestOne(teller, command)));
  }
}

function freeze(merges: string, frozen: number, now: number): [string, ...string[]] {
  const when = ["--since", new Date(frozen).toISOString(), "--finished-at", new Date(now).toISOString()];
  const what = ["--kind", "freeze", "--branch", "main", ...when];
  return ["holdpoint", "attest", "--stage", "production", "--as", "ci-main", ...what, merges];
}

/** Attests that main is still frozen: the plan wants that seen within two hours. */
export async function attestFreeze(teller: Teller, dir: string, frozen: number): Promise<void> {
  const release = releaseOf(dir);
  const now = Date.now();
  const { merges } = writeReports(join(dir, "reports", release.version), release, now);
  await attestOne(teller, freeze(merges, frozen, now));
}

async function attestOne(teller: Teller, command: [string, ...string[]]): Promise<void> {
  const { text } = await teller.quietly(command);
  const said = text.trim().split("\n").at(-1);
  if (said === undefined || said === "") throw new HoldpointError("engine-failed", "holdpoint attest said nothing");
  teller.told(command.join(" "), said);
}
