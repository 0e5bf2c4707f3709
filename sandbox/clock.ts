import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import { findSandbox, standInsInstalled } from "./providers/guard";
import { readFile, writeFile } from "./providers/store";

/** The clock's file in a sandbox's folder. */
export const CLOCK_FILE = "clock.json";

/** How much faster the sandbox's time runs, unless told otherwise: a hold of 15 minutes takes 15 seconds. */
export const DEFAULT_FACTOR = 60;

const HOUR = 3_600_000;

/** From `machine` on, plan time is `plan + (machine - this.machine) * factor`. Milliseconds since the epoch. */
export interface Segment {
  readonly machine: number;
  readonly plan: number;
  readonly factor: number;
}

const time = z.number().int().positive().max(8.64e15);
const fileSchema = z.strictObject({
  apiVersion: z.literal("holdpoint.dev/v1"),
  kind: z.literal("SandboxClock"),
  segments: z
    .array(z.strictObject({ machine: time, plan: time, factor: z.number().min(1).max(10_000) }))
    .min(1)
    .max(1_000),
});

function malformed(path: string, why: string): HoldpointError {
  return new HoldpointError("sandbox-only", `${path} is no clock of a sandbox: ${why}`, {
    remedy: "holdpoint sandbox down, then holdpoint sandbox up",
  });
}

/** Reads and checks the segments: each begins after the one before it, on both clocks. */
export function parseClock(text: string, path: string): readonly Segment[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw malformed(path, "it is not JSON");
  }
  const parsed = fileSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw malformed(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`);
  }
  const { segments } = parsed.data;
  for (const [i, segment] of segments.entries()) {
    const before = segments[i - 1];
    if (before === undefined) continue;
    if (segment.machine < before.machine) throw malformed(path, `segments.${i}.machine lies before segment ${i - 1}`);
    if (segment.plan < planTime([before], segment.machine))
      throw malformed(path, `segments.${i}.plan goes back in time`);
  }
  return segments;
}

/**
 * Plan time of an instant of the machine's clock. Before the first segment, when there was no sandbox yet, time ran
 * at its usual pace: a file of yesterday is a day old, not sixty.
 */
export function planTime(segments: readonly Segment[], machine: number): number {
  const [first] = segments;
  if (first === undefined) throw new Error("a clock has at least one segment");
  const segment = segments.findLast((each) => each.machine <= machine);
  if (segment === undefined) return first.plan + (machine - first.machine);
  return Math.round(segment.plan + (machine - segment.machine) * segment.factor);
}

/**
 * The machine's time of a plan time: the other way around. What was jumped over lies at the jump; times to come run at
 * the pace of the last segment.
 */
export function machineTime(segments: readonly Segment[], plan: number): number {
  const [first] = segments;
  if (first === undefined) throw new Error("a clock has at least one segment");
  const index = segments.findLastIndex((each) => each.plan <= plan);
  const segment = segments[index];
  if (segment === undefined) return first.machine - (first.plan - plan);
  const next = segments[index + 1]?.machine ?? Number.POSITIVE_INFINITY;
  return Math.min(segment.machine + (plan - segment.plan) / segment.factor, next);
}

function readSegments(dir: string): readonly Segment[] {
  const path = join(dir, CLOCK_FILE);
  let text: string | undefined;
  try {
    text = readFile(path);
  } catch (error) {
    throw malformed(path, error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) throw malformed(path, "there is no such file");
  return parseClock(text, path);
}

function writeSegments(dir: string, segments: readonly Segment[]): void {
  const file = { apiVersion: "holdpoint.dev/v1", kind: "SandboxClock", segments };
  writeFile(join(dir, CLOCK_FILE), `${JSON.stringify(file, null, 2)}\n`);
}

/** A plan time as people read it: "Fri 2026-11-27 12:00 UTC". */
export function tellTime(plan: number): string {
  const iso = new Date(plan).toISOString();
  const day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][new Date(plan).getUTCDay()] ?? "";
  return `${day} ${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/**
 * The clock of the sandbox in this folder, as it is at this moment: read it again after `moveTo`.
 * @throws HoldpointError `sandbox-only` if its file is missing or malformed.
 */
export function readClock(dir: string, machineNow: () => number = Date.now): Clock {
  const segments = readSegments(dir);
  const factor = segments.findLast(({ machine }) => machine <= machineNow())?.factor ?? 1;
  const now = (): number => planTime(segments, machineNow());
  return {
    now,
    at: (machine) => planTime(segments, machine),
    // Of the time that has passed: its pace may have changed, and jumps took none of the machine's.
    machineSpan(span) {
      const machine = machineNow();
      const back = machine - machineTime(segments, planTime(segments, machine) - Math.abs(span));
      return span < 0 ? -back : back;
    },
    note: `sandbox: time runs ${factor}x, now ${tellTime(now())}`,
  };
}

/** The noon (UTC) of the next Friday that is at least 12 hours away: outside any window that a rollout would choose. */
export function upcomingFriday(machine: number): number {
  const noon = new Date(machine);
  noon.setUTCHours(12, 0, 0, 0);
  while (noon.getUTCDay() !== 5 || noon.getTime() - machine < 12 * HOUR) noon.setUTCDate(noon.getUTCDate() + 1);
  return noon.getTime();
}

/** Starts a sandbox's clock; one that runs already goes on. */
export function startClock(dir: string, options: { plan?: number; factor?: number; machine?: number } = {}): void {
  if (existsSync(join(dir, CLOCK_FILE))) {
    readSegments(dir);
    return;
  }
  const machine = options.machine ?? Date.now();
  const plan = options.plan ?? upcomingFriday(machine);
  writeSegments(dir, [{ machine, plan, factor: options.factor ?? DEFAULT_FACTOR }]);
}

/**
 * Moves a sandbox's clock on to a plan time, from where it runs at the same pace.
 * @throws HoldpointError `usage` if that time is past already: what was signed and held must stay in order.
 */
export function moveTo(dir: string, plan: number, machine: number = Date.now()): void {
  const segments = readSegments(dir);
  const now = planTime(segments, machine);
  if (plan < now) {
    throw new HoldpointError(
      "usage",
      `the sandbox's clock cannot go back: it is ${tellTime(now)}, not ${tellTime(plan)}`,
      {
        remedy: "holdpoint sandbox clock shows the time; a new sandbox starts anew",
      },
    );
  }
  writeSegments(dir, [...begun(segments, machine), { machine, plan, factor: paceOf(segments) }]);
}

/** Segments that have begun: whatever was to come after a hurry is decided anew. */
function begun(segments: readonly Segment[], machine: number): readonly Segment[] {
  return segments.filter((segment) => segment.machine <= machine);
}

/** How much faster than the machine's a sandbox's time runs when no hurry is on; 1 where it has no clock yet. */
export function paceNow(dir: string): number {
  return existsSync(join(dir, CLOCK_FILE)) ? paceOf(readSegments(dir)) : 1;
}

/** The pace that a clock has when no hurry is on. */
function paceOf(segments: readonly Segment[]): number {
  return segments[segments.length - 1]?.factor ?? DEFAULT_FACTOR;
}

/**
 * Lets a sandbox's clock run faster from now on until a plan time, and then at its pace again: what is watched for a day
 * is really measured all the while.
 * @param seconds of the machine that it shall take
 * @returns how many times faster than the machine's it runs until then
 */
export function hurryTo(dir: string, plan: number, seconds: number, machine: number = Date.now()): number {
  const segments = readSegments(dir);
  const now = planTime(segments, machine);
  const factor = Math.round((plan - now) / (seconds * 1000));
  const pace = paceOf(segments);
  if (!(factor >= pace)) return pace;
  const end = Math.ceil(machine + (plan - now) / factor);
  const reached = Math.round(now + (end - machine) * factor);
  // The end is written at once: whoever reads the clock in between, or later, knows of both.
  writeSegments(dir, [
    ...begun(segments, machine),
    { machine, plan: now, factor },
    { machine: end, plan: reached, factor: pace },
  ]);
  return factor;
}

function changePace(dir: string, machine: number, pace: (segments: readonly Segment[]) => number): void {
  const segments = readSegments(dir);
  const factor = pace(segments);
  const now = begun(segments, machine);
  if (now.length === segments.length && paceOf(segments) === factor) return;
  writeSegments(dir, [...now, { machine, plan: planTime(segments, machine), factor }]);
}

/** Lets a sandbox's clock run at the usual pace while it is down: a night must not become two months. */
export function pauseClock(dir: string, machine: number = Date.now()): void {
  changePace(dir, machine, () => 1);
}

/** Lets a clock that was paused run as fast as it did at first: a hurry that the pause ended is not gone on with. */
export function resume(dir: string, machine: number = Date.now()): void {
  changePace(dir, machine, (segments) => segments.find(({ factor }) => factor !== 1)?.factor ?? 1);
}

/**
 * Checks that this process really runs inside the sandbox in `dir`, where no provider can reach anything real: the
 * backend and PULUMI_HOME lie in it, the engine takes no plugin from elsewhere, and the only providers there are the
 * stand-ins. Whoever believes a sandbox's clock asks this first.
 * @throws HoldpointError `sandbox-only`
 */
export function assertSandbox(dir: string, env: NodeJS.ProcessEnv): void {
  const refuse = (why: string): never => {
    throw new HoldpointError(
      "sandbox-only",
      `holdpoint:sandbox is set, but this is not the sandbox in ${dir}: ${why}`,
      {
        remedy: "run it with holdpoint sandbox exec -- <command>, or unset holdpoint:sandbox",
      },
    );
  };
  const home = env["PULUMI_HOME"];
  const found = findSandbox(env, home === undefined ? "" : join(home, "plugins"));
  if ("refusal" in found) return refuse(found.refusal);
  const asked = findSandbox({ ...env, PULUMI_HOME: join(dir, "home") }, join(dir, "home", "plugins"));
  if ("refusal" in asked || asked.dir !== found.dir)
    return refuse("PULUMI_HOME and PULUMI_BACKEND_URL are of another one");
  if (env["PULUMI_IGNORE_AMBIENT_PLUGINS"] !== "true") return refuse("PULUMI_IGNORE_AMBIENT_PLUGINS is not true");
  if (env["PULUMI_DEBUG_PROVIDERS"] !== undefined) return refuse("PULUMI_DEBUG_PROVIDERS attaches other providers");
  if (!standInsInstalled(join(found.dir, "home"))) return refuse("the stand-in providers are not installed in it");
  const strangers = readdirSync(join(found.dir, "home", "plugins")).filter(
    // The engine keeps files such as resource-aws-v7.48.0.lastused beside the folders.
    (entry) => /^resource-.*\d$/.test(entry) && !existsSync(join(found.dir, "home", "plugins", entry, "stand-in.cjs")),
  );
  if (strangers.length > 0) return refuse(`${strangers[0] ?? ""} there is no stand-in`);
}
