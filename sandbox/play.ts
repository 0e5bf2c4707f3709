/**
 * `npm start`: OmniHub's rollout plan, played on this machine from the first refusal to the rollback, by the real Pulumi
 * engine. Every line that begins with "$" is a command that really ran; each can be run again by hand with
 * `npx holdpoint sandbox exec -- <command>` where the sandbox is kept.
 */
import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import pc from "picocolors";
import { HoldpointError, systemRefusal } from "../rollout/errors";
import { editStackFile } from "../cli/stack-file";
import { hurryTo, moveTo, readClock, tellTime } from "./clock";
import { setFault } from "./command";
import { defaultFolder, down, projectRoot, sync, up, withLock, type Running, type Tools } from "./lifecycle";
import { projectFolder } from "./project";
import { pause } from "./processes";
import {
  approvePlan,
  attestDayAfter,
  attestKillSwitch,
  attestPhases,
  attestProbes,
  attestReports,
  attestRestore,
  attestRollback,
  attestSmokeRuns,
  attestUnitTests,
  type Place,
} from "./story/evidence";
import { Interruption } from "./story/interruption";
import { releaseOf } from "./story/releases";
import { writeReport } from "./story/report";
import { only, outcome, overview, refusals, signed } from "./story/shown";
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
const STACKS = ["development", "staging", "staging-canary", "production", "production-canary"] as const;

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
  const ask = argv.includes("--ask");
  const root = projectRoot();
  const dir = defaultFolder(root);
  try {
    if (ask && process.stdin.isTTY !== true) throw noTerminal();
    return await alone(root, () => {
      const interruption = new Interruption(() => down(dir)).listen();
      return Promise.race([
        played(dir, tools, { ask, keep: argv.includes("--keep"), interruption }),
        interruption.ended,
      ]);
    });
  } catch (error) {
    return told(error);
  }
}

interface Playing {
  readonly ask: boolean;
  readonly keep: boolean;
  readonly interruption: Interruption;
}

async function played(dir: string, tools: Tools, how: Playing): Promise<number> {
  try {
    await play(dir, tools, how);
  } catch (error) {
    if (how.interruption.is) return how.interruption.ended;
    // What failed first is told, also where a full disk keeps this from being written down.
    await down(dir).catch(() => undefined);
    throw error;
  }
  if (how.keep) sayKept(dir);
  else await down(dir);
  return 0;
}

/** A second one would take the sandbox away from under the first. */
function alone<T>(root: string, work: () => Promise<T>): Promise<T> {
  return withLock(root, join(root, "build", "start.lock"), work, (owner) => {
    throw new HoldpointError("lock-held", `npm start is playing in this folder already: ${owner}`, {
      remedy: "wait for its end, or play in another clone",
    });
  });
}

function noTerminal(): HoldpointError {
  return new HoldpointError("usage", "--ask waits for a key before each step, and found no terminal", {
    remedy: "run it in a terminal, or without --ask",
  });
}

/** Tells of a failure. @returns the exit code; a defect is thrown on */
function told(error: unknown): number {
  const refusal = error instanceof HoldpointError ? error : systemRefusal(error);
  if (refusal === undefined) throw error;
  process.stderr.write(`\n${refusal.render()}\n`);
  return refusal.exitCode;
}

async function play(dir: string, tools: Tools, how: Playing): Promise<void> {
  if (existsSync(dir)) {
    await down(dir);
    rmSync(dir, { recursive: true, force: true });
  }
  const teller = new Teller(dir, tools, how);
  teller.say(
    pc.bold("OmniHub's rollout, gated by the real Pulumi engine"),
    "The engine, the policy pack, Prometheus and every signature are real. The clouds are stand-ins on this machine, and",
    "time runs 60 times as fast. Rollout plan: plans/omnihub.yaml, all of its phases",
  );
  const running = await up(dir, tools, (text) => teller.say(pc.dim(`   ${text}`)));
  await sync(dir);
  const story: Story = { teller, dir, running };

  await phaseOneBegins(story);
  await stagingComesUp(story);
  await askedTooEarly(story);
  const frozen = await rehearse(story);
  await gatherEvidence(story, frozen);
  await enterProduction(story, "The preview is PENDING, and what it would change is approved");
  await takeTheSteps(story);
  await watchADay(story);
  await becomeTheBaseline(story);
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

/** Staging or production, as its users and the story's tests reach it. */
function placeOf({ dir, running }: Story, stage: "staging" | "production"): Place {
  return { dir, gateway: running.gateway, stage, host: stage === "staging" ? "staging.omnihub.dev" : "omnihub.dev" };
}

async function phaseOneBegins({ teller }: Story): Promise<void> {
  await teller.chapter(
    "Phase 1 waits for the operator",
    "Nothing begins before the operator has approved the plan; after that nobody is asked while only dev is touched.",
  );
  await teller.run(["pulumi", "preview", "-s", "development", ...PACK], { expect: "a refusal", show: refusals });
  await approvePlan(teller);
  await teller.run(upCommand("development"), { show: outcome });
}

async function stagingComesUp({ teller, dir }: Story): Promise<void> {
  await teller.chapter("What phases 1 and 2 brought is proved before staging is touched");
  await teller.run(["pulumi", "preview", "-s", "staging", ...PACK], { expect: "a refusal", show: outcome });
  await attestPhases(teller);
  await attestUnitTests(teller, dir);
  await teller.chapter(
    `Phase 3: staging gets release ${releaseOf(dir).version}`,
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
async function rehearse(story: Story): Promise<number> {
  const { teller, dir } = story;
  await teller.chapter(
    "The code freeze begins, and the ways back are rehearsed in staging",
    "The kill switch is thrown and lifted. Then half of the traffic goes to the new version, and one command takes it back.",
  );
  const frozen = Date.now();
  const staging = placeOf(story, "staging");
  await attestKillSwitch(teller, staging);
  editStackFile(projectFolder(dir), "staging-canary", [[["holdpoint:canary", "weight"], 50]]);
  await teller.run(upCommand("staging-canary"), { show: outcome });
  await attestRollback(teller, staging);
  return frozen;
}

async function gatherEvidence(story: Story, frozen: number): Promise<void> {
  const { teller, dir } = story;
  await teller.chapter("What the tools wrote becomes evidence", moveToSunday(dir, BEFORE));
  await attestSmokeRuns(teller, placeOf(story, "staging"));
  await attestRestore(teller);
  await attestReports(teller, dir, frozen);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** When evidence is gathered, in minutes from the window's opening: nothing of it is too old when it opens. */
const BEFORE = -330;
/** When the update plan is made and signed off, in minutes: a slow machine has time until the words of the day are asked for. */
const SIGNING = -270;

/** The next opening of OmniHub's window that has not closed yet, plan time. */
function nextSunday(dir: string, minutes: number): number {
  const now = readClock(dir).now();
  const opening = new Date(now - minutes * MINUTE);
  opening.setUTCHours(2, 0, 0, 0);
  while (opening.getUTCDay() !== 0 || opening.getTime() + minutes * MINUTE < now) {
    opening.setUTCDate(opening.getUTCDate() + 1);
  }
  return opening.getTime();
}

/** Moves the clock to some minutes before or after the next opening of OmniHub's window; never back. */
function moveToSunday(dir: string, minutes: number): string {
  return moveOn(dir, nextSunday(dir, minutes) + minutes * MINUTE);
}

/** Moves the clock to a time, or leaves it where that is past. */
function moveOn(dir: string, time: number): string {
  if (readClock(dir).now() < time) moveTo(dir, time);
  return `The sandbox's clock: ${tellTime(readClock(dir).now())}.`;
}

/**
 * Enters production: the update plan is reviewed and signed off before the day's last hour, an hour before the window
 * and a quarter of an hour before it the final word is given, and only then is it applied.
 */
async function enterProduction({ teller, dir }: Story, title: string): Promise<void> {
  const opening = nextSunday(dir, 0);
  await teller.chapter(title, moveOn(dir, opening + SIGNING * MINUTE));
  const plan = "update-plan.json";
  await teller.run(["pulumi", "preview", "-s", "production", ...PACK, "--save-plan", plan], { show: overview });
  const approve = (by: string): Promise<unknown> =>
    teller.run(approveCommand("production", plan, by), { show: signed });
  await approve("sam@omnihub.dev");
  await approve("priya@omnihub.dev");
  await teller.chapter("T-60: go, with everything met", moveOn(dir, opening - 58 * MINUTE));
  await approve("carl@omnihub.dev");
  await teller.chapter("T-15: the final go, and deployment begins with the window", moveOn(dir, opening - 13 * MINUTE));
  await approve("priya@omnihub.dev");
  teller.say(pc.dim(`   ${moveOn(dir, opening)}`));
  await teller.run(upCommand("production", "--plan", plan), { show: outcome });
  rmSync(join(dir, "project", plan));
}

function approveCommand(stack: string, plan: string, by: string): [string, ...string[]] {
  return ["holdpoint", "approve", stack, "--update-plan", plan, "--as", by, "--yes"];
}

async function takeTheSteps(story: Story): Promise<void> {
  const { teller } = story;
  await teller.chapter(
    "The canary takes 5, 25 and 50 %",
    "What was deployed is probed before anybody is sent to it. Each step is approved, held, and judged on live numbers.",
  );
  await toBaseline(story);
  await attestProbes(teller, placeOf(story, "production"));
  for (const weight of [5, 25, 50]) {
    keepWindow(story.dir, LAST_HOLD);
    await takeStep(story, weight);
    await teller.run(["holdpoint", "canary", "production", "--to", String(weight)], { live: true });
  }
  const clock = keepWindow(story.dir, LAST_HOLD + STEPPING);
  await teller.chapter("100 %: it may begin, for its hold can end inside the window", clock);
  await takeStep(story, 100);
}

/** Plan time that a step's preview, approval and update may take, in minutes. */
const STEPPING = 30;
/** How long 100 % is watched, which must end inside the window; minutes. */
const LAST_HOLD = 60;

/** Stays in the window where enough of it is left; a slow machine goes on a week later. */
function keepWindow(dir: string, minutes: number): string {
  const now = readClock(dir).now();
  const opened = nextSunday(dir, 0) - 7 * 24 * HOUR;
  const left = opened + 4 * HOUR - now;
  return left < minutes * MINUTE ? moveToSunday(dir, 0) : `It is ${tellTime(now)}: the window is open.`;
}

/** One step: previewed, approved as it is, and taken by plain pulumi. */
async function takeStep({ teller, dir }: Story, weight: number): Promise<void> {
  const plan = "step.json";
  setWeight(dir, weight);
  await teller.run(["pulumi", "preview", "-s", "production-canary", ...PACK, "--save-plan", plan], { show: outcome });
  await teller.run(approveCommand("production-canary", plan, "sam@omnihub.dev"), { show: signed });
  await teller.run(upCommand("production-canary", "--plan", plan), { show: outcome });
  rmSync(join(dir, "project", plan));
}

/** How long the story takes for the 24 hours, seconds. */
const DAY_TAKES = 24;

async function watchADay({ teller, dir }: Story): Promise<void> {
  const first = releaseOf(dir);
  await teller.chapter(
    `Release ${first.version} shall become the baseline: not before it was watched for a day`,
    "That is asked for at once, and refused.",
  );
  for (const stack of ["production", "production-canary"]) {
    editStackFile(projectFolder(dir), stack, [[["holdpoint:baseline"], first]]);
  }
  await teller.run(["pulumi", "preview", "-s", "production", ...PACK], {
    expect: "a refusal",
    show: only("finish.watch"),
  });
  const factor = hurryTo(dir, readClock(dir).now() + 24 * HOUR, DAY_TAKES);
  teller.say(
    pc.dim(`   For 24 hours the sandbox's time runs ${factor} times as fast, and all the while users ask, Prometheus`),
    pc.dim("   scrapes, and the alerts that the plan became are evaluated."),
  );
  await pause(DAY_TAKES * 1000);
}

async function becomeTheBaseline(story: Story): Promise<void> {
  const { teller, dir } = story;
  await teller.chapter(
    "A day later it is the baseline",
    `It is ${tellTime(readClock(dir).now())}. Nobody is asked again for what was let in; what was seen since is judged.`,
  );
  await attestDayAfter(teller, placeOf(story, "production"));
  await teller.run(upCommand("production"), { show: overview });
  await toBaseline(story);
}

async function secondRelease(story: Story, frozen: number): Promise<void> {
  const { teller, dir } = story;
  await teller.chapter(
    `Release ${SECOND.version}, with a fault that no test finds`,
    `${FAULT.errorRate * 100} % of its requests in production will fail.`,
  );
  for (const stack of STACKS) editStackFile(projectFolder(dir), stack, [[["holdpoint:release"], SECOND]]);
  await attestUnitTests(teller, dir);
  await teller.run(upCommand("staging"), { show: outcome });
  await gatherEvidence(story, frozen);
  await enterProduction(story, `Release ${SECOND.version} is approved, too`);
  await attestProbes(teller, placeOf(story, "production"));
  await setFault(dir, FAULT);
  await teller.chapter("The canary is caught at 5 % and rolled back without being asked");
  await takeStep(story, 5);
  await teller.run(["holdpoint", "canary", "production"], { live: true, expect: 1 });
}

/** All traffic to the baseline: always allowed, and approved by nobody. */
async function toBaseline({ teller, dir }: Story): Promise<void> {
  setWeight(dir, 0);
  await teller.run(upCommand("production-canary"), { show: outcome });
}

function setWeight(dir: string, weight: number): void {
  editStackFile(projectFolder(dir), "production-canary", [[["holdpoint:canary", "weight"], weight]]);
}

function sayKept(dir: string): void {
  const exec = "npx holdpoint sandbox exec --";
  process.stdout.write(
    `\nThe sandbox is still up, in ${relative(process.cwd(), dir)}. Try:\n` +
      `  ${exec} pulumi preview -s production --policy-pack policies\n` +
      `  ${exec} holdpoint status production\n  npx holdpoint sandbox down\n`,
  );
}
