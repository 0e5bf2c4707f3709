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
import { attestFreeze, attestReports, attestRestore, attestSmokeRuns, releaseOf } from "./story/evidence";
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
  await teller.chapter("What the tools wrote becomes evidence", moveToSunday(dir, -90));
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
  await attestSmokeRuns(teller, dir, running.gateway);
  await attestRestore(teller);
  await attestReports(teller, dir, frozen);
}

const MINUTE = 60_000;

/** Moves the clock to some minutes before or after the next opening of OmniHub's window; never back. */
function moveToSunday(dir: string, minutes: number): string {
  const now = readClock(dir).now();
  const opening = new Date(now - minutes * MINUTE);
  opening.setUTCHours(2, 0, 0, 0);
  while (opening.getUTCDay() !== 0 || opening.getTime() + minutes * MINUTE < now) {
    opening.setUTCDate(opening.getUTCDate() + 1);
  }
  moveTo(dir, opening.getTime() + minutes * MINUTE);
  return `The sandbox's clock moves on to ${tellTime(readClock(dir).now())}.`;
}

/** How much is left of OmniHub's window, in minutes of plan time; 0 outside it. */
function windowLeft(dir: string): number {
  const now = new Date(readClock(dir).now());
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  return now.getUTCDay() === 0 && minute >= 120 ? Math.max(0, 360 - minute) : 0;
}

/** Stays in the window where enough of it is left; a slow machine goes on a week later. */
function keepWindow(dir: string, minutes: number): string {
  if (windowLeft(dir) < minutes) return moveToSunday(dir, 0);
  return `It is ${tellTime(readClock(dir).now())}: the window is open.`;
}

/** Plan time that a preview, two approvals and an update may take, in minutes. */
const ENTERING = 60;

async function enterProduction({ teller, dir }: Story, title: string): Promise<void> {
  await teller.chapter(title, keepWindow(dir, ENTERING));
  const plan = "update-plan.json";
  await teller.run(["pulumi", "preview", "-s", "production", ...PACK, "--save-plan", plan], { show: overview });
  const approve = (by: string): [string, ...string[]] => [
    "holdpoint",
    "approve",
    "production",
    "--update-plan",
    plan,
    "--as",
    by,
    "--yes",
  ];
  await teller.run(approve("sam@omnihub.dev"), { show: last(4), expect: PENDING });
  await teller.run(approve("priya@omnihub.dev"), { show: last(2) });
  await teller.run(upCommand("production", "--plan", plan), { show: outcome });
  rmSync(join(dir, "project", plan));
}

/** Exit code of `approve` while somebody still has to sign. */
const PENDING = 3;

/** How long the last step is watched, which must fit into the window; minutes of plan time. */
const WATCH = 60;

async function takeTheSteps(story: Story): Promise<void> {
  const { teller, dir } = story;
  await teller.chapter("The canary takes 5, 25 and 50 %, each step held and judged on live numbers");
  await toWeight(story, 0);
  await teller.run(["holdpoint", "canary", "production", "--to", "50"], { live: true });
  const clock = keepWindow(dir, WATCH + 5);
  await teller.chapter("100 %, by plain pulumi: the pack decides the same", clock);
  await toWeight(story, 100);
}

async function secondRelease(story: Story, frozen: number): Promise<void> {
  const { teller, dir } = story;
  const first = releaseOf(dir);
  for (const stack of ["production", "production-canary"]) {
    editStackFile(projectFolder(dir), stack, [[["holdpoint:baseline"], first]]);
  }
  const inTime = windowLeft(dir) >= ENTERING;
  const title = `Release ${first.version} shall become the baseline`;
  if (inTime) {
    await teller.chapter(title, "Hours have passed: that main is frozen must be seen again, the rest is fresh enough.");
    await attestFreeze(teller, dir, frozen);
  } else {
    await teller.chapter(
      title,
      "The window has closed, and a week later the evidence has to be fresh.",
      moveToSunday(dir, -90),
    );
    await gatherEvidence(story, frozen);
  }
  await enterProduction(story, "Another change, other approvals");
  await toWeight(story, 0);

  const clock = moveToSunday(dir, -90);
  await teller.chapter(
    `Release ${SECOND.version}, with a fault that no test finds`,
    clock,
    `${FAULT.errorRate * 100} % of its requests in production will fail.`,
  );
  for (const stack of STACKS) editStackFile(projectFolder(dir), stack, [[["holdpoint:release"], SECOND]]);
  await teller.run(upCommand("staging"), { show: outcome });
  await gatherEvidence(story, frozen);
  await setFault(dir, FAULT);
  await enterProduction(story, `Release ${SECOND.version} is approved, too`);
  await teller.chapter("The canary is caught at 5 % and rolled back without being asked");
  await teller.run(["holdpoint", "canary", "production"], { live: true, expect: 1 });
}

async function toWeight({ teller, dir }: Story, weight: number): Promise<void> {
  editStackFile(projectFolder(dir), "production-canary", [[["holdpoint:canary", "weight"], weight]]);
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
