/** What ran on a stage before, as its record and the engine's own history tell: where a rollback leads. */
import { HoldpointError } from "../rollout/errors";
import type { Release } from "../rollout/release";
import { sameName, type ReleaseName, type StageEntry, type StageRecord } from "../rollout/world";
import type { Context } from "./context";
import { lastError, runPulumi } from "./pulumi";
import { editsBetween, type StackConfig } from "./stack-file";

/** One update of a stack that succeeded, newest first. */
export interface PastUpdate {
  /** Its configuration without the secrets. */
  readonly config: StackConfig;
}

/** What a rollback of a stage leads to. */
export type Target =
  | { readonly is: "nothing"; readonly why: string }
  /** `because` says why this entry and not the other. */
  | { readonly is: "entry"; readonly entry: StageEntry; readonly because: string };

/**
 * Where a stage goes back to: to what its record says ran last if something else is configured (an update that never
 * got through), else to what ran before it.
 */
export function rollbackTarget(record: StageRecord | undefined, configured: ReleaseName | undefined): Target {
  const { current, previous } = record ?? {};
  if (current === undefined) return { is: "nothing", why: "no release has ever been rolled out whole to this stage" };
  if (configured === undefined || !sameName(configured, current.release)) {
    return {
      is: "entry",
      entry: current,
      because: "the configured release never got through; the one before it still counts",
    };
  }
  if (previous === undefined) return { is: "nothing", why: "no release ran here before this one" };
  return { is: "entry", entry: previous, because: "the release before this one" };
}

/**
 * The configuration under which an entry ran: that of the newest update of the same release and baseline. Where the
 * target is what ran before the present one, an update with the present configuration is not it.
 */
export function configOf(entry: StageEntry, updates: readonly PastUpdate[], now: StackConfig): StackConfig | undefined {
  return updates
    .map(({ config }) => likeIn(now, config))
    .find((config) => ranAs(entry, config) && !sameConfig(config, now));
}

/** The configuration of the newest update that succeeded, each value in the form that it has in `now`. */
export function newestConfig([newest]: readonly PastUpdate[], now: StackConfig): StackConfig | undefined {
  return newest === undefined ? undefined : likeIn(now, newest.config);
}

/**
 * The newest 50 updates of a stack, as far as they succeeded.
 * @throws HoldpointError `engine-failed`
 */
export async function pastUpdates(context: Context, stack: string): Promise<PastUpdate[]> {
  const run = await runPulumi(context, ["stack", "history", "--json", "--page-size", "50", "--stack", stack], {
    deadline: 20_000,
  });
  if (run.exitCode !== 0) throw engineFailed(`the history of ${stack} can't be read: ${lastError(run)}`, stack);
  return parseHistory(run.stdout);
}

/** What the engine prints of its history. Updates that failed, and previews, are left out. */
export function parseHistory(text: string): PastUpdate[] {
  const updates = JSON.parse(text || "[]") as {
    kind?: string;
    result?: string;
    config?: Record<string, HistoryValue>;
  }[];
  return updates
    .filter(({ kind, result }) => kind === "update" && result === "succeeded")
    .map(({ config = {} }) => ({ config: Object.fromEntries(Object.entries(config).flatMap(openValue)) }));
}

interface HistoryValue {
  readonly value?: string;
  readonly objectValue?: unknown;
  readonly secret?: boolean;
}

function openValue([key, { value, objectValue, secret }]: [string, HistoryValue]): [string, unknown][] {
  return secret === true ? [] : [[key, objectValue ?? value]];
}

/** Plain values are text in the history and may be numbers or words in the file: the file's own form is kept. */
function likeIn(now: StackConfig, past: StackConfig): StackConfig {
  return Object.fromEntries(
    Object.entries(past).map(([key, value]) => [
      key,
      typeof value === "string" && String(now[key]) === value ? now[key] : value,
    ]),
  );
}

function ranAs(entry: StageEntry, config: StackConfig): boolean {
  const release = config["holdpoint:release"] as Release | undefined;
  const baseline = config["holdpoint:baseline"] as Release | undefined;
  return (
    release !== undefined &&
    baseline !== undefined &&
    sameName(release, entry.release) &&
    sameName(baseline, entry.baseline)
  );
}

function sameConfig(past: StackConfig, now: StackConfig): boolean {
  return editsBetween(now, past).length === 0;
}

function engineFailed(message: string, stack: string): HoldpointError {
  return new HoldpointError("engine-failed", message, { remedy: `pulumi stack history --stack ${stack}` });
}
