/**
 * The way back, in one go: all traffic to the baseline first, then the release that ran before. It asks nobody; the
 * policy pack records it, and where the pack itself is broken the first part works without it.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { HoldpointError } from "../rollout/errors";
import type { ReleaseName } from "../rollout/world";
import { canaryStack, stackName } from "../rollout/stacks";
import type { Context } from "./context";
import { cancel, freeStack, saysLocked } from "./free-stack";
import { configOf, newestConfig, pastUpdates, rollbackTarget } from "./history";
import { lastError, runPulumi, type PulumiOptions, type PulumiRun } from "./pulumi";
import { restoreStackFile } from "./restore-stack-file";
import {
  canaryStacksOf,
  editStackFile,
  editsBetween,
  readStackFile,
  stackFilePath,
  type Edit,
  type StackConfig,
} from "./stack-file";

export interface RollbackOptions {
  /** Interrupt whoever holds a stack's lock. */
  readonly takeOver: boolean;
  /** Only this operation's canary; by default every canary of the stage. */
  readonly operation?: string;
}

/** One part of a rollback, and how long it took. */
export interface Part {
  readonly part: string;
  /** Milliseconds of machine time. */
  readonly took: number;
}

/** What a rollback has done. */
export interface Rollback {
  readonly stage: string;
  readonly parts: readonly Part[];
  /** Milliseconds from the start until the weight 0 was written. */
  readonly weightZeroAfter: number;
  /** Milliseconds. */
  readonly took: number;
  /** What was interrupted, and what was done without the policy pack. */
  readonly notes: readonly string[];
  /** The release that the stage has now; absent where there was none to return to, and `nothing` says why. */
  readonly release?: ReleaseName;
  readonly nothing?: string;
}

/**
 * How long the engine may take for the weight with the pack, in milliseconds, before it is done without: until it works
 * on resources, since a pack that never answers hangs it before, and in all. Usually it takes 2 to 3 s.
 */
const WEIGHT_IN_TIME = { startWithin: 30_000, deadline: 90_000 } as const;
/** The stage itself may take as long as its clouds do, once the pack has answered. */
const STAGE_IN_TIME = { startWithin: 120_000 } as const;
/** How long the backend may take to list its stacks, in milliseconds. */
const LIST_IN_TIME = 20_000;
/** How often a stack is freed again when somebody else gets its lock first. */
const ATTEMPTS = 3;

const WEIGHT_ZERO: Edit = [["holdpoint:canary", "weight"], 0];

const UP = ["up", "--refresh", "--skip-preview", "--yes"] as const;
const WITH_PACK = ["--policy-pack", "policies"] as const;

/**
 * Rolls a stage back.
 * @throws HoldpointError `stack-unknown`; `lock-held` without `takeOver`, before anything was changed on that stack;
 *   `engine-failed`, saying how far it got
 */
export async function rollBack(context: Context, stage: string, options: RollbackOptions): Promise<Rollback> {
  requireStageName(stage);
  const journey = new Journey(context, stage, options);
  await journey.weightToZero();
  const weightZeroAfter = journey.elapsed();
  const result = await journey.previousRelease();
  return { stage, parts: journey.parts, weightZeroAfter, took: journey.elapsed(), notes: journey.notes, ...result };
}

/**
 * Only the first part: all traffic to the baseline, and the release stays where it is.
 * @throws as `rollBack`
 */
export async function lowerToZero(
  context: Context,
  stage: string,
  options: RollbackOptions,
): Promise<Omit<Rollback, "release" | "nothing">> {
  const journey = new Journey(context, stage, options);
  await journey.weightToZero();
  const took = journey.elapsed();
  return { stage, parts: journey.parts, weightZeroAfter: took, took, notes: journey.notes };
}

/** A canary goes back with its stage: its stack alone is not what is rolled back. */
function requireStageName(stage: string): void {
  const name = stackName(stage);
  if (name?.kind === "stage") return;
  const meant = name === undefined ? "production" : name.stage;
  const what = name === undefined ? `"${stage}"` : `the canary's stack "${stage}"`;
  throw new HoldpointError("stack-unknown", `found ${what}, expected the name of a stage`, {
    remedy: `holdpoint rollback ${meant}`,
  });
}

class Journey {
  readonly parts: Part[] = [];
  readonly notes: string[] = [];
  private readonly started = performance.now();
  private readonly context: Context;
  private readonly stage: string;
  private readonly options: RollbackOptions;
  private list: Promise<PulumiRun> | undefined;

  constructor(context: Context, stage: string, options: RollbackOptions) {
    this.context = context;
    this.stage = stage;
    this.options = options;
  }

  elapsed(): number {
    return Math.round(performance.now() - this.started);
  }

  /** All traffic to the baseline, on every canary of the stage. One that fails does not keep the others from it. */
  async weightToZero(): Promise<void> {
    const failures: unknown[] = [];
    const known = this.canaries();
    const toZero = async (stack: string) => {
      await this.stackToZero(stack).catch((error: unknown) => failures.push(error));
    };
    for (const stack of known) if (await this.mayTakeTraffic(stack)) await toZero(stack);
    if (this.options.operation === undefined) {
      for (const stack of await this.canariesWithoutFile(known)) await toZero(stack);
    }
    if (failures.length > 0) throw together(failures);
  }

  /** A stage may have no canary at all: neither a file of one nor a stack. Where the engine does not tell, it may. */
  private async mayTakeTraffic(stack: string): Promise<boolean> {
    if (this.options.operation !== undefined || existsSync(stackFilePath(this.context.root, stack))) return true;
    const stacks = stacksIn(await this.listed());
    if (stacks === undefined || stacks.includes(stack)) return true;
    this.note(`${this.stage} has no canary: there is no ${basename(stackFilePath("", stack))} and no stack ${stack}`);
    return false;
  }

  /** Canaries of operations that the engine knows of and the project has no file of any more: they take traffic too. */
  private async canariesWithoutFile(known: readonly string[]): Promise<string[]> {
    const stacks = stacksIn(await this.listed());
    if (stacks !== undefined) return stacks.filter((stack) => this.isCanary(stack) && !known.includes(stack));
    this.note(
      `the engine does not say whether a canary without a stack file takes traffic (${lastError(await this.listed())}); look at: pulumi stack ls`,
    );
    return [];
  }

  /** What the engine says of its stacks, asked once. */
  private listed(): Promise<PulumiRun> {
    return (this.list ??= runPulumi(this.context, ["stack", "ls", "--json"], { deadline: LIST_IN_TIME }));
  }

  private isCanary(stack: string): boolean {
    const name = stackName(stack);
    return name?.kind === "canary" && name.stage === this.stage;
  }

  /** The stack is freed first: a refusal then leaves the file as it was. */
  private async stackToZero(stack: string): Promise<void> {
    await this.restore(stack);
    await this.timed(`${stack}: lock`, () => this.free(stack));
    await this.timed(`${stack}: weight 0 in its file`, () =>
      Promise.resolve(editStackFile(this.context.root, stack, [WEIGHT_ZERO])),
    );
    await this.timed(`${stack}: all traffic to the baseline`, () => this.applyWeight(stack));
  }

  private canaries(): readonly string[] {
    const { operation } = this.options;
    if (operation !== undefined) return [canaryStack(this.stage, operation)];
    return canaryStacksOf(this.context.root, this.stage).map(({ stack }) => stack);
  }

  /** The stage back to what ran before, if anything did. */
  async previousRelease(): Promise<Pick<Rollback, "release" | "nothing">> {
    const stack = this.stage;
    const { root } = this.context;
    await this.restore(stack);
    const { settings, config } = readStackFile(root, stack);
    const record = await this.timed(`${stack}: what ran before`, async () =>
      (await import("./records")).readStageRecord(this.context, stack),
    );
    const target = rollbackTarget(record, settings.release);
    if (target.is === "nothing") return { nothing: target.why };
    const { entry } = target;
    const updates = await this.timed(`${stack}: its configuration then`, () => pastUpdates(this.context, stack));
    const wanted = configOf(entry, updates, config);
    if (wanted === undefined) throw unknownConfig(stack, entry.release);
    await this.timed(`${stack}: lock`, () => this.free(stack));
    await this.timed(`${stack}: its file as it was`, () =>
      Promise.resolve(editStackFile(root, stack, editsBetween(config, wanted))),
    );
    await this.timed(`${stack}: release ${entry.release.commit.slice(0, 7)}, ${target.because}`, async () => {
      const run = await this.up(stack, [...UP, ...WITH_PACK], STAGE_IN_TIME);
      if (run.exitCode === 0) return;
      this.context.terminal.say(run.said.trimEnd());
      throw stageFailed(stack, run);
    });
    return { release: entry.release };
  }

  /** With the pack, which records the way back; without it where the pack or the engine's work with it fails. */
  private async applyWeight(stack: string): Promise<void> {
    const first = await this.up(stack, [...UP, ...WITH_PACK], WEIGHT_IN_TIME);
    if (first.exitCode === 0) return;
    if (/no stack named/.test(first.said))
      return this.note(`${stack}: there is no such stack, so nothing is routed to a canary`);
    this.note(`${stack}: failed with the policy pack (${lastError(first)}); once more without it: weight 0 needs none`);
    if (first.late) await cancel(this.context, stack);
    const second = await this.up(stack, UP, {});
    if (second.exitCode === 0) return;
    const third = await this.upAsItLastWorked(stack, second);
    if (third.exitCode === 0) return;
    this.context.terminal.say(third.said.trimEnd());
    if (await this.neverRouted(stack)) throw neverUp(stack, third);
    throw new HoldpointError("engine-failed", `${stack}: the weight is not 0 yet: ${lastError(third)}`, {
      remedy: `holdpoint rollback ${this.stage} again; if the engine can't, patch the HTTPRoute by hand`,
    });
  }

  /** Whether nothing can be routed by a stack: no update of it ever succeeded, and its state holds no route. */
  private async neverRouted(stack: string): Promise<boolean> {
    try {
      if ((await pastUpdates(this.context, stack)).length > 0) return false;
      return !(await (await import("./records")).holdsRoute(this.context, stack));
    } catch {
      return false; // What can't be known is said as the failure that it is.
    }
  }

  /** Where the file differs from the newest update that succeeded, the difference may be what is in the way. */
  private async upAsItLastWorked(stack: string, failed: PulumiRun): Promise<PulumiRun> {
    const { root } = this.context;
    const { config } = readStackFile(root, stack);
    const worked = newestConfig(await pastUpdates(this.context, stack).catch(() => []), config);
    const edits = worked === undefined ? [] : editsBetween(config, worked).filter((edit) => !isControl(edit, config));
    if (edits.length === 0) return failed;
    const keys = [...new Set(edits.map(([[key]]) => key))].join(", ");
    this.note(
      `${stack}: failed without the pack too (${lastError(failed)}); once more with ${keys} as in its last update that succeeded`,
    );
    editStackFile(root, stack, [...edits, WEIGHT_ZERO]);
    return this.up(stack, UP, {});
  }

  /** The engine; a lock that somebody took since it was freed is treated as the first one was. */
  private async up(stack: string, args: readonly string[], how: PulumiOptions): Promise<PulumiRun> {
    for (let attempt = 1; ; attempt++) {
      const run = await runPulumi(this.context, [...args, "--stack", stack], how);
      if (run.exitCode === 0 || run.late || !saysLocked(run.said)) return run;
      if (attempt === ATTEMPTS) throw stillLocked(stack, run);
      const freed = await this.free(stack);
      if (!freed) await this.freeElsewhere(stack, run);
    }
  }

  private async free(stack: string): Promise<boolean> {
    const { takeOver } = this.options;
    const done = await freeStack(this.context, stack, { takeOver, command: `holdpoint rollback ${this.stage}` });
    for (const note of done) this.note(`${stack}: ${note}`);
    return done.length > 0;
  }

  /** A lock of a backend that is no folder here: only the engine knows of it. */
  private async freeElsewhere(stack: string, run: PulumiRun): Promise<void> {
    if (!this.options.takeOver) throw stillLocked(stack, run, `holdpoint rollback ${this.stage} --take-over`);
    await cancel(this.context, stack);
    this.note(`${stack}: removed the lock by "pulumi cancel"; whoever held it may go on writing`);
  }

  private async restore(stack: string): Promise<void> {
    const done = await restoreStackFile(this.context, stack);
    if (done !== undefined) this.note(`${stack}: ${done}`);
  }

  private note(text: string): void {
    this.notes.push(text);
    this.context.terminal.say(`  ${text}`);
  }

  private async timed<T>(part: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const done = await work();
    const took = Math.round(performance.now() - from);
    // What takes no time to speak of is no part that a person wants to see.
    if (took >= 10) {
      this.parts.push({ part, took });
      this.context.terminal.say(`  ${part}  ${(took / 1000).toFixed(2)} s`);
    }
    return done;
  }
}

/** The weight is 0 by now, and a kill switch or safe mode that is on stays on: whoever set it did so for a reason. */
function isControl([[key, control]]: Edit, now: StackConfig): boolean {
  if (key !== WEIGHT_ZERO[0][0] || control === undefined) return false;
  return control === WEIGHT_ZERO[0][1] || (now[key] as Readonly<Record<string, unknown>>)[control] === true;
}

/** Names in what `pulumi stack ls --json` prints, without the organization; undefined where it is nothing of the kind. */
function stacksIn({ exitCode, stdout }: PulumiRun): string[] | undefined {
  if (exitCode !== 0) return undefined;
  try {
    const stacks = JSON.parse(stdout) as readonly { readonly name: string }[];
    return stacks.map(({ name }) => name.split("/").at(-1) ?? name);
  } catch {
    return undefined;
  }
}

/** Several failures in one message, with the first one's code and remedy. */
function together(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures;
  if (others.length === 0 || !(first instanceof HoldpointError)) return first;
  const messages = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  const { code, remedy } = first;
  return new HoldpointError(code, messages.join("; "), { cause: first, ...(remedy === undefined ? {} : { remedy }) });
}

/** No success all the same: what a cluster routes is not known where this backend has never seen it. */
function neverUp(stack: string, run: PulumiRun): HoldpointError {
  const found = `no update of ${stack} ever succeeded and its state holds no route, so there is no weight to lower`;
  return new HoldpointError("engine-failed", `${found}: ${lastError(run)}`, {
    remedy: "where traffic reaches a new version all the same, patch the HTTPRoute by hand",
  });
}

function stillLocked(stack: string, run: PulumiRun, remedy = `pulumi cancel --stack ${stack}`): HoldpointError {
  return new HoldpointError("lock-held", `${stack} is held: ${lastError(run)}`, { remedy });
}

function stageFailed(stack: string, run: PulumiRun): HoldpointError {
  return new HoldpointError(
    "engine-failed",
    `all traffic is on the baseline, but ${stack} is not back at its previous release: ${lastError(run)}`,
    {
      remedy: `read the refusal above; the gate lets only exactly what ran before go back, so check out the program that ran then and repeat: holdpoint rollback ${stack}`,
    },
  );
}

function unknownConfig(stack: string, release: ReleaseName): HoldpointError {
  return new HoldpointError(
    "engine-failed",
    `all traffic is on the baseline, but the history of ${stack} does not hold the configuration under which ${release.commit.slice(0, 12)} ran`,
    {
      remedy: `set holdpoint:release and holdpoint:baseline in Pulumi.${stack}.yaml as they were, then: pulumi up -s ${stack} --policy-pack policies`,
    },
  );
}
