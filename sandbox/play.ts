/**
 * `npm start`: OmniHub's rollout plan, played on this machine from the first refusal to the rollback, by the real Pulumi
 * engine. Every line that begins with "$" is a command that really ran; each can be run again by hand with
 * `npx holdpoint sandbox exec -- <command>` where the sandbox is kept.
 */
import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import pc from "picocolors";
import { HoldpointError } from "../rollout/errors";
import { editStackFile } from "../cli/stack-file";
import { moveTo, readClock, tellTime } from "./clock";
import { setFault } from "./command";
import { defaultFolder, down, projectRoot, sync, up, type Running, type Tools } from "./lifecycle";
import { projectFolder } from "./project";
import { attestReports, attestRestore, attestSmokeRuns, releaseOf } from "./story/evidence";
import { writeReport } from "./story/report";
import { last, outcome, overview, refusals } from "./story/shown";
import { Teller } from "./story/teller";

const USAGE = `npm start [-- --keep] [-- --ask]
  --keep  leave the sandbox up afterwards, to play with
  --ask   wait for a key before each step`;

/** The faulty second release. */
const SECOND = {
  version: "2.1.0",
  image: "registry.omnihub.dev/omnihub@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
  commit: "9f2a1c7be0d34d5f8a6b2c1e7d9083f45a6b7c8d",
  author: "dana@omnihub.dev",
};

/** The stack files that name a release. */
const STACKS = ["staging", "staging-canary", "production", "production-canary"] as const;

/** How much of the second release's requests shall fail. */
const FAULT = { release: SECOND.version, errorRate: 0.2, latency: 0 };

const PACK = ["--policy-pack", "policies"] as const;
const upCommand = (stack: string, ...more: string[]): [string, ...string[]] => [
  "pulumi",
  "up",
  "-s",
  stack,
  "--yes",
  "--skip-preview",
  ...PACK,
  ...more,
];

/** Plays the whole rollout. @returns the process's exit code */
export async function main(argv: readonly string[], tools: Tools): Promise<number> {
  const unknown = argv.find((argument) => !["--keep", "--ask"].includes(argument));
  if (unknown !== undefined) {
    process.stderr.write(`${unknown === "--help" ? "" : `unknown option "${unknown}"\n`}${USAGE}\n`);
    return unknown === "--help" ? 0 : 2;
  }
  const dir = defaultFolder(projectRoot());
  const stop = () => void down(dir).then(() => process.exit(130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    await play(dir, tools, argv.includes("--ask"));
    if (argv.includes("--keep")) sayKept(dir);
    else await down(dir);
    return 0;
  } catch (error) {
    await down(dir);
    if (!(error instanceof HoldpointError)) throw error;
    process.stderr.write(`\n${error.render()}\n`);
    return error.exitCode;
  }
}

async function play(dir: string, tools: Tools, ask: boolean): Promise<void> {
  if (existsSync(dir)) {
    await down(dir);
    rmSync(dir, { recursive: true, force: true });
  }
  const teller = new Teller(dir, tools, ask);
  teller.say(
    pc.bold("OmniHub's rollout, gated by the real Pulumi engine"),
    "The engine, the policy pack, Prometheus and every signature are real. The clouds are stand-ins on this machine, and",
    "time runs 60 times as fast. Rollout plan: plans/omnihub.yaml",
  );
  const running = await up(dir, tools, (text) => teller.say(pc.dim(`   ${text}`)));
  await sync(dir);
  const story: Story = { teller, dir, running };

  await stagingComesUp(story);
  await askedTooEarly(story);
  const frozen = await rehearse(story);
  await gatherEvidence(story, frozen);
  await enterProduction(story, "The preview is PENDING, and the approvers sign exactly that");
  await takeTheSteps(story);
  await secondRelease(story, frozen);
  const report = await writeReport(dir);
  teller.say(
    "",
    pc.bold(`Summary  (${teller.seconds} s)`),
    ...report.summary,
    "",
    `report: ${relative(process.cwd(), report.file)}`,
  );
}

interface Story {
  readonly teller: Teller;
  readonly dir: string;
  readonly running: Running;
}

async function stagingComesUp({ teller, dir }: Story): Promise<void> {
  await teller.chapter(
    `Staging gets release ${releaseOf(dir).version}`,
    "No approval is asked for while only staging is touched.",
  );
  await teller.run(upCommand("staging"), { show: outcome });
  await teller.run(upCommand("staging-canary"), { show: outcome });
}

async function askedTooEarly({ teller }: Story): Promise<void> {
  await teller.chapter(
    "Production is asked for too early: the preview is refused",
    "All that is missing is told at once, with whose it is and what mends it.",
  );
  await teller.run(["pulumi", "preview", "-s", "production", ...PACK], { expect: "a refusal", show: refusals });
}

/** @returns machine time since which main is frozen */
async function rehearse({ teller, dir }: Story): Promise<number> {
  await teller.chapter(
    "The code freeze begins, and the rollback is rehearsed in staging",
    "Half of staging's traffic goes to the new version, then the one command takes it back.",
  );
  const frozen = Date.now();
  editStackFile(projectFolder(dir), "staging-canary", [[["holdpoint:canary", "weight"], 50]]);
  await teller.run(upCommand("staging-canary"), { show: outcome });
  const rollback = [process.execPath, join("bin", "holdpoint.cjs"), "rollback", "staging"];
  await teller.run(
    [
      "holdpoint",
      "attest",
      "run",
      "--stage",
      "staging",
      "--drill",
      "rollback",
      "--as",
      "sam@omnihub.dev",
      "--",
      ...rollback,
    ],
    {
      as: "holdpoint attest run --stage staging --drill rollback --as sam@omnihub.dev -- npx holdpoint rollback staging",
      show: last(3),
    },
  );
  return frozen;
}

async function gatherEvidence({ teller, dir, running }: Story, frozen: number): Promise<void> {
  const sunday = nextSunday(readClock(dir).now());
  await teller.chapter(
    "Sunday, 2 AM: what the tools wrote becomes evidence",
    `The sandbox's clock moves on to ${tellTime(sunday)}.`,
  );
  moveTo(dir, sunday);
  await attestSmokeRuns(teller, dir, running.gateway);
  await attestRestore(teller);
  await attestReports(teller, dir, frozen);
}

/** The next Sunday, 02:00 UTC, when OmniHub's window opens. */
function nextSunday(now: number): number {
  const time = new Date(now);
  time.setUTCHours(2, 0, 0, 0);
  while (time.getUTCDay() !== 0 || time.getTime() < now) time.setUTCDate(time.getUTCDate() + 1);
  return time.getTime();
}

async function enterProduction({ teller, dir }: Story, title: string): Promise<void> {
  await teller.chapter(title);
  const plan = "update-plan.json";
  await teller.run(["pulumi", "preview", "-s", "production", ...PACK, "--save-plan", plan], { show: overview });
  for (const approver of ["sam@omnihub.dev", "priya@omnihub.dev"]) {
    await teller.run(["holdpoint", "approve", "production", "--update-plan", plan, "--as", approver, "--yes"], {
      show: last(4),
      expect: approver.startsWith("sam") ? PENDING : 0,
    });
  }
  await teller.run(upCommand("production", "--plan", plan), { show: outcome });
  rmSync(join(dir, "project", plan));
}

/** Exit code of `approve` while somebody still has to sign. */
const PENDING = 3;

async function takeTheSteps({ teller }: Story): Promise<void> {
  await teller.chapter("The canary takes 5, 25, 50 and 100 %, each step held and judged on live numbers");
  await teller.run(upCommand("production-canary"), { show: outcome });
  await teller.run(["holdpoint", "canary", "production"], { live: true });
}

async function secondRelease(story: Story, frozen: number): Promise<void> {
  const { teller, dir, running } = story;
  const first = releaseOf(dir);
  await teller.chapter(
    `Release ${first.version} becomes the baseline`,
    "What takes all of the traffic is finalized; the canary is free again.",
  );
  for (const stack of STACKS) editStackFile(projectFolder(dir), stack, [[["holdpoint:baseline"], first]]);
  await enterProduction(story, "The same gate again: another change, another approval");
  await toZero(story);

  await teller.chapter(
    `Release ${SECOND.version}, with a fault that no test has found`,
    `${FAULT.errorRate * 100} % of its requests will fail.`,
  );
  await setFault(dir, FAULT);
  for (const stack of STACKS) editStackFile(projectFolder(dir), stack, [[["holdpoint:release"], SECOND]]);
  await teller.run(upCommand("staging"), { show: outcome });
  await attestSmokeRuns(teller, dir, running.gateway);
  await attestReports(teller, dir, frozen);
  await enterProduction(story, `Release ${SECOND.version} is approved`);
  await teller.chapter("The canary is caught at 5 % and rolled back without being asked");
  await teller.run(["holdpoint", "canary", "production"], { live: true, expect: 1 });
}

async function toZero({ teller, dir }: Story): Promise<void> {
  editStackFile(projectFolder(dir), "production-canary", [[["holdpoint:canary", "weight"], 0]]);
  await teller.run(upCommand("production-canary"), { show: outcome });
}

function sayKept(dir: string): void {
  const exec = "npx holdpoint sandbox exec --";
  process.stdout.write(
    `\nThe sandbox is still up, in ${relative(process.cwd(), dir)}. Try:\n` +
      `  ${exec} pulumi preview -s production --policy-pack policies\n` +
      `  ${exec} holdpoint status production\n  npx holdpoint sandbox down\n`,
  );
}
