/** On the way back a stack's file is no obstacle: what is unreadable or gone is written anew from the last update. */
import { existsSync, renameSync } from "node:fs";
import { basename } from "node:path";
import { HoldpointError } from "../rollout/errors";
import type { Context } from "./context";
import { runPulumi } from "./pulumi";
import { readStackFile, stackFilePath } from "./stack-file";

/** How long the engine may take to read its own history, in milliseconds. */
const IN_TIME = 20_000;

/**
 * Leaves a usable stack file as it is. Another one is set aside, never deleted, and the engine writes the file as its
 * last update had it, secrets included.
 * @returns what was done, undefined where nothing had to be
 * @throws HoldpointError as `readStackFile` where the engine has no update of such a stack either; the file then stays
 */
export async function restoreStackFile(context: Context, stack: string): Promise<string | undefined> {
  const damage = damageOf(context.root, stack);
  if (damage === undefined) return undefined;
  const path = stackFilePath(context.root, stack);
  const aside = existsSync(path) ? setAside(path) : undefined;
  const run = await runPulumi(context, ["config", "refresh", "--force", "--stack", stack], { deadline: IN_TIME });
  if (run.exitCode !== 0 || damageOf(context.root, stack) !== undefined) {
    if (aside !== undefined) renameSync(aside, path);
    throw damage;
  }
  const before = aside === undefined ? "it was gone" : `what was there is ${basename(aside)} now: ${damage.message}`;
  return `${basename(path)} is written anew from the last update; ${before}`;
}

function damageOf(root: string, stack: string): HoldpointError | undefined {
  try {
    readStackFile(root, stack);
    return undefined;
  } catch (error) {
    if (error instanceof HoldpointError) return error;
    throw error;
  }
}

function setAside(path: string): string {
  const free = (count: number): string => {
    const aside = `${path}.damaged${count === 1 ? "" : `-${count}`}`;
    return existsSync(aside) ? free(count + 1) : aside;
  };
  const aside = free(1);
  renameSync(path, aside);
  return aside;
}
