import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HoldpointError } from "../../rollout/errors";
import { signChanges } from "./changes";
import { CHECKS } from "./complete";
import { baselineOf, releaseOf } from "./releases";
import { last } from "./shown";
import { writeReports } from "./reports";
import type { Teller } from "./teller";

/** How many smoke runs the plan wants, and how many commands run at a time. */
const RUNS = 5;
const AT_ONCE = 2;

type Command = [string, ...string[]];

/** What of a sandbox the story's tests are pointed at. */
export interface Place {
  readonly dir: string;
  readonly gateway: string;
  /** "staging" or "production", and the name under which its users reach it. */
  readonly stage: string;
  readonly host: string;
}

/** Signs for the items of phases 1 and 2: each once, for all releases of the plan. */
export async function attestPhases(teller: Teller): Promise<void> {
  const checks = CHECKS.filter(({ check }) => check !== "rollout-plan").map(({ check, by, stage }): Command => [
    "holdpoint",
    "attest",
    "--stage",
    stage,
    "--as",
    by,
    "--check",
    check,
  ]);
  await attestEach(teller, [...checks, readControls("development", "sam@omnihub.dev")]);
}

/** The operator's word that the plan may begin. */
export async function approvePlan(teller: Teller): Promise<void> {
  const [{ check, by, stage } = { check: "", by: "", stage: "" }] = CHECKS;
  await attestEach(teller, [["holdpoint", "attest", "--stage", stage, "--as", by, "--check", check]]);
}

/** Attests the unit tests of a release, which stand in for those that a sandbox does not have. */
export async function attestUnitTests(teller: Teller, dir: string): Promise<void> {
  const { suites } = reportsOf(dir);
  const attest = ["holdpoint", "attest", "--stage", "development", "--as", "ci-staging", "--suite"] as const;
  await attestEach(
    teller,
    Object.entries(suites).map(([suite, file]): Command => [...attest, suite, file]),
  );
}

/** Runs staging's smoke tests with vitest, against what really answers behind the gateway, and attests each run. */
export async function attestSmokeRuns(teller: Teller, place: Place): Promise<void> {
  const folder = join(place.dir, "reports", releaseOf(place.dir).version, "smoke");
  mkdirSync(folder, { recursive: true });
  const files = Array.from({ length: RUNS }, (_, run) => join(folder, `run-${run + 1}.xml`));
  // One after the other: two reports that end in the same millisecond count as one run.
  for (const file of files) await runTests(teller, place, "smoke", file);
  teller.say(`   ${RUNS} runs of the smoke tests by vitest against ${place.host} behind ${place.gateway}`);
  await each(files, async (file) => {
    await teller.quietly(attestSuite(place, "smoke", "ci-staging", file));
  });
  teller.told(attestSuite(place, "smoke", "ci-staging", join(folder, "run-<n>.xml")).join(" "), `${RUNS} times`);
}

/** Probes production before anybody is sent to the release: infrastructure, application, emergency controls. */
export async function attestProbes(teller: Teller, place: Place): Promise<void> {
  const folder = join(place.dir, "reports", releaseOf(place.dir).version);
  mkdirSync(folder, { recursive: true });
  const suites = ["infrastructure", "health"];
  await each(suites, (suite) => runTests(teller, place, suite, join(folder, `${suite}.xml`)));
  teller.say(`   vitest has asked ${place.host} behind ${place.gateway}, and the stand-ins of its clouds`);
  await attestEach(teller, [
    ...suites.map((suite) => attestSuite(place, suite, "ci-production", join(folder, `${suite}.xml`))),
    readControls("production", "ci-production"),
  ]);
}

/** What is seen at the end of the 24 hours: the smoke tests against production, and the words of support and of an SRE. */
export async function attestDayAfter(teller: Teller, place: Place): Promise<void> {
  const file = join(place.dir, "reports", releaseOf(place.dir).version, "smoke-production.xml");
  await runTests(teller, place, "smoke", file);
  const check = (by: string, name: string): Command => {
    return ["holdpoint", "attest", "--stage", "production", "--as", by, "--check", name];
  };
  await attestEach(teller, [
    attestSuite(place, "smoke", "ci-production", file),
    check("sam@omnihub.dev", "no-critical-incident"),
    check("mia@omnihub.dev", "support-tickets-not-up"),
    check("mia@omnihub.dev", "no-customer-issue"),
  ]);
}

async function runTests(teller: Teller, place: Place, suite: string, file: string): Promise<void> {
  const vitest = join("node_modules", "vitest", "vitest.mjs");
  const run = ["node", vitest, "run", `${suite}.test.ts`, "--root", join("sandbox", "smoke")] as const;
  await teller.quietly([...run, "--reporter=junit", `--outputFile=${file}`], {
    SMOKE_GATEWAY: place.gateway,
    SMOKE_HOST: place.host,
    SMOKE_SANDBOX: place.dir,
    SMOKE_NAMESPACE: `omnihub-${place.stage}`,
  });
}

function attestSuite({ stage }: Place, suite: string, by: string, file: string): Command {
  return ["holdpoint", "attest", "--stage", stage, "--suite", suite, "--as", by, file];
}

function readControls(stage: string, by: string): Command {
  const read = ["node", join("sandbox", "story", "emergency-controls.cjs"), stage];
  return [
    "holdpoint",
    "attest",
    "run",
    "--stage",
    stage,
    "--drill",
    "emergency-controls-read",
    "--as",
    by,
    "--",
    ...read,
  ];
}

/** Runs and attests a drill in staging. @param as what is written in place of the commands */
async function attestDrill(
  teller: Teller,
  drill: string,
  command: readonly string[],
  { verify, as, lines }: { readonly verify?: readonly string[]; readonly as: string; readonly lines: number },
): Promise<void> {
  const attest = ["attest", "run", "--stage", "staging", "--drill", drill, "--as", "sam@omnihub.dev"];
  await teller.run(
    ["holdpoint", ...attest, ...(verify === undefined ? [] : ["--verify", ...verify]), "--", ...command],
    {
      show: last(lines),
      as: `holdpoint ${attest.join(" ")} ${as}`,
    },
  );
}

const script = (name: string): string => join("sandbox", "story", name);

/** The kill switch is thrown in staging, seen to refuse users, and lifted. */
export async function attestKillSwitch(teller: Teller, { gateway, host }: Place): Promise<void> {
  const command = [process.execPath, script("kill-switch.cjs"), gateway, host];
  await attestDrill(teller, "kill-switch", command, { as: "-- <kill switch on, ask, off, ask>", lines: 6 });
}

/** The one command takes staging back, and its services are healthy afterwards. */
export async function attestRollback(teller: Teller, { gateway, host }: Place): Promise<void> {
  const rollback = [process.execPath, join("bin", "holdpoint.cjs"), "rollback", "staging"];
  const verify = [process.execPath, script("healthy.cjs"), gateway, host];
  const as = "--verify <health checks> -- npx holdpoint rollback staging";
  await attestDrill(teller, "rollback", rollback, { verify, as, lines: 3 });
}

/** Attests the drill of the restore: the sandbox has no database, so a copy of a file stands in for it, and says so. */
export async function attestRestore(teller: Teller): Promise<void> {
  const drill = [process.execPath, script("restore-drill.cjs")];
  const as = "--verify … -- <restore drill>";
  await attestDrill(teller, "restore", [...drill, "restore"], { verify: [...drill, "verify"], as, lines: 1 });
}

/**
 * Writes the other reports as their tools would write them now, and attests each as who would.
 * @param frozen machine time since which nothing was merged
 */
export async function attestReports(teller: Teller, dir: string, frozen: number): Promise<void> {
  const now = Date.now();
  const reports = reportsOf(dir);
  const finished = ["--finished-at", new Date(now).toISOString()];
  const attest = (by: string, files: readonly string[], ...more: string[]): Command => [
    "holdpoint",
    "attest",
    "--stage",
    "production",
    "--as",
    by,
    ...more,
    ...files,
  ];
  const envelope = await signChanges(dir, releaseOf(dir), baselineOf(dir), now);
  const changes = join(dir, "reports", releaseOf(dir).version, "changes.intoto.jsonl");
  writeFileSync(changes, `${JSON.stringify(envelope)}\n`);
  await attestEach(teller, [
    attest("ci-security", [reports.snyk], "--scope", "dependencies", ...finished),
    attest("ci-cost", [reports.infracost]),
    attest("oncall-sync", [reports.oncall], ...finished),
    attest("sam@omnihub.dev", [reports.runbooks]),
    attest("ci-main", [reports.pipelines], "--branch", "main", ...finished),
    attest("ci-main", [reports.workflow], ...finished),
    attest("db-backup", reports.backup, "--scope", "full", "--trigger", "manual"),
    ["holdpoint", "attest", "add", "--stage", "production", changes],
    freeze(reports.merges, frozen, now),
  ]);
}

function freeze(merges: string, frozen: number, now: number): Command {
  const when = ["--since", new Date(frozen).toISOString(), "--finished-at", new Date(now).toISOString()];
  const what = ["--kind", "freeze", "--branch", "main", ...when];
  return ["holdpoint", "attest", "--stage", "production", "--as", "ci-main", ...what, merges];
}

function reportsOf(dir: string): ReturnType<typeof writeReports> {
  const release = releaseOf(dir);
  return writeReports(join(dir, "reports", release.version), release, Date.now());
}

async function attestEach(teller: Teller, commands: readonly Command[]): Promise<void> {
  await each(commands, async (command) => {
    const { text } = await teller.quietly(command);
    const said = text.trim().split("\n").at(-1);
    if (said === undefined || said === "") throw new HoldpointError("engine-failed", "holdpoint attest said nothing");
    teller.told(command.join(" "), said);
  });
}

/** A few at a time, in their order. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
  }
}
