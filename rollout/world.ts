/**
 * Everything a gate's decision rests on, as plain data: gathered by the policies, judged by `decide.ts`. What could
 * not be found out is said in words (`failure`, `why`), never left out: an unknown never opens a gate.
 */
import type { Approval, Digest, Evidence, RejectedEvidence, Waiver } from "./evidence";
import type { CalendarFile } from "./freezes";
import type { Inventory } from "./inventory";
import type { Owed, Promised } from "./owed";
import type { AllReached } from "./reached";
import type { Readings } from "./readings";
import type { Release } from "./release";
import type { TrustMark, TrustStanding } from "./trust";

/** A release as records name it. */
export type ReleaseName = Pick<Release, "image" | "commit">;

/** What ran on a stage stack at one time: exactly this program, configuration and release. */
export interface StageEntry {
  readonly release: ReleaseName;
  /** What the baseline track ran. */
  readonly baseline: ReleaseName;
  /** Digest of the request that was cleared. */
  readonly request: Digest;
  /** Digest of what runs, whatever the baseline; absent in a record of before there was this. */
  readonly content?: Digest | undefined;
  /** As what type of release it was asked, where it had one. */
  readonly type?: string | undefined;
  /** Since when this release runs there with this content, plan time. Known of what runs now. */
  readonly since?: number;
}

/** Input of the Stash "record" on a stage stack. */
export interface StageRecord {
  readonly current?: StageEntry;
  readonly previous?: StageEntry;
  /** Approvals already consumed: none counts twice. */
  readonly usedApprovals: readonly Digest[];
  /** What earlier releases left undone. Absent or malformed is not known, which is no "nothing". */
  readonly owed?: Owed | { readonly failure: string };
  /** The trust file under which the stage last changed. Absent in a record of before there was this. */
  readonly trust?: TrustMark | { readonly failure: string };
  /** Releases that the stage was brought back from. Absent or malformed is not known, which is no "none". */
  readonly broughtBack?: readonly ReleaseName[] | { readonly failure: string };
}

/** Where a canary stands. */
export interface CanaryRecord {
  /** Weight that was recorded last, 0..100. */
  readonly weight: number;
  /** Since when, plan time: `modified` of the Stash "step". */
  readonly since: number;
  readonly release: ReleaseName;
  /** Weight that the HTTPRoute really has in the state; absent where the state has no route. */
  readonly routed?: number;
  /** What was promised for waivers of its steps' criteria; absent: nothing. The stage's next entry asks for it. */
  readonly obligations?: Promised;
  /** How far releases got on it, and how often they had to go back. Absent or malformed is not known. */
  readonly reached?: AllReached;
}

/** What is known of a stage. */
export type StageState =
  | {
      readonly ok: true;
      readonly record?: StageRecord;
      /** Images of the workloads in the stage stack's state. Absent: nobody looked. */
      readonly images?: readonly string[];
      /** Of the whole service. */
      readonly canary?: CanaryRecord;
      /** Of single operations, by name; one that never took a step is not here. */
      readonly operations?: Readonly<Record<string, CanaryRecord>>;
    }
  /** The checkpoint could not be read, or not understood. */
  | { readonly ok: false; readonly why: string };

/** What one track did during the step so far. Anything undefined or not finite is no data. */
export interface TrackReading {
  readonly requests?: number;
  readonly errors?: number;
  /** Seconds. */
  readonly p95?: number;
  /** How many requests took at most so many seconds; cumulative, rising. */
  readonly latency?: readonly { readonly le: number; readonly count: number }[];
  readonly probes?: { readonly samples: number; readonly failures: number };
}

/** What was measured on both tracks over the same minutes, from the step's start until now. */
export interface CanaryReading {
  readonly canary: TrackReading;
  readonly baseline: TrackReading;
}

/** What this run is, exactly: what an approval must name. The update plan's digest is known only to the approval. */
export interface RunBinding {
  readonly stack: string;
  readonly request: Digest;
  readonly state: Digest;
}

/** What is declared, as far as gates ask for it; what could not be found out says why. */
export interface Declared {
  /** What the program of this run will declare. */
  readonly own: Inventory | { readonly failure: string };
  /** Features in the state of the stage's canary stack. */
  readonly canary: Features;
  /** By stage: features in the states of the stages that criteria compare with. */
  readonly others: Readonly<Record<string, Features>>;
}

/** Features of rollout/inventory.ts that a state has. */
export type Features = { readonly features: readonly string[] } | { readonly failure: string };

export interface World {
  /** Plan time. */
  readonly now: number;
  /** What a reader must know of the clock ("sandbox: 60x"). */
  readonly clockNote?: string;
  /** A clock that can't be trusted, and why: no gate opens. */
  readonly clockFailure?: string;
  /** Approvals are asked for in `up`; a preview comes before there is anything to approve. */
  readonly mode: "preview" | "up";
  readonly stack: string;
  /** Of an operation's canary stack: the operation. */
  readonly operation?: string;
  readonly release: Release;
  readonly baseline: Release;
  /** Digest of this run's request; compared with the records for the way back. */
  readonly request?: Digest;
  /** Digest of what this run makes run, whatever the baseline. */
  readonly content?: Digest | undefined;
  readonly evidence: readonly Evidence[];
  readonly rejected: readonly RejectedEvidence[];
  /** Why the evidence store could not be read: then every criterion that rests on it is unmet. */
  readonly evidenceFailure?: string;
  /** What was taken out of the store or altered since it was added there, in words. It may have spoken against. */
  readonly evidenceGone?: readonly string[];
  /** Whether the trust file itself may be believed. Absent: nobody looked, and then no signature opens a gate. */
  readonly trust?: TrustStanding;
  readonly approvals: readonly Approval[];
  /** Present in `up`: what approvals must match. */
  readonly binding?: RunBinding;
  /** Digests of the update plans that are known in the store. */
  readonly updatePlans: readonly Digest[];
  /** By the digest of an update plan: the Pulumi types of what it changes. One that is not here is unknown. */
  readonly touched?: Readonly<Record<Digest, readonly string[]>>;
  readonly waivers?: readonly Waiver[];
  /** By stage name. A stage that is not here is unknown. */
  readonly stages: Readonly<Record<string, StageState>>;
  readonly metrics?: CanaryReading | { readonly failure: string };
  /** What the metrics source answered to the questions of this gate's criteria and triggers; absent: it was not asked. */
  readonly readings?: Readings;
  /** By the id of a freeze that is a calendar's file: what it says. One that is not here was not looked at. */
  readonly calendars?: Readonly<Record<string, CalendarFile>>;
  /** What the program declares. Absent: nobody looked. */
  readonly declared?: Declared;
  /** Canary stacks: the requests that the route is about, as configured. */
  readonly route?: {
    readonly path?: string;
    readonly cohort?:
      | { readonly header: string; readonly value: string }
      | { readonly cookie: string; readonly value: string }
      | { readonly group: string };
  };
  /** Canary stacks: the switches as requested. */
  readonly controls?: {
    readonly killSwitch: boolean;
    readonly safeMode: boolean;
    /** What answers a request that the canary could not. */
    readonly fallback?: "baseline" | undefined;
  };
}

/** The stage's state, unknown where nobody looked. */
export function stageState(world: World, stage: string): StageState {
  return Object.hasOwn(world.stages, stage)
    ? (world.stages[stage] ?? { ok: false, why: "not looked at" })
    : { ok: false, why: `the stage "${stage}" was not looked at` };
}

/**
 * What a stage runs, or in words why that can't be said. A record is believed as far as the state bears it out: an
 * update of a part (`--target`) can write a record of what is not there. The way back rests on the record alone.
 */
export function entered(world: World, stage: string): { readonly entry: StageEntry } | { readonly why: string } {
  const state = stageState(world, stage);
  if (!state.ok) return { why: `${stage}'s state could not be read: ${state.why}` };
  const entry = state.record?.current;
  if (entry === undefined) return { why: `nothing was ever rolled out to ${stage}` };
  if (state.images?.includes(entry.release.image) === true) return { entry };
  return {
    why: `the record of release ${entry.release.commit.slice(0, 7)} in ${stage}, and no workload in its state that runs its image`,
  };
}

/** Where a canary of the stage stands: the whole service's, or one operation's. */
export function canaryOf(state: StageState, operation: string | undefined): CanaryRecord | undefined {
  if (!state.ok) return undefined;
  if (operation === undefined) return state.canary;
  return Object.hasOwn(state.operations ?? {}, operation) ? state.operations?.[operation] : undefined;
}

/** Every canary of a stage that ever took a step. */
export function canariesIn(state: StageState): readonly CanaryRecord[] {
  if (!state.ok) return [];
  return [...(state.canary === undefined ? [] : [state.canary]), ...Object.values(state.operations ?? {})];
}

/** Whether two names are of the same release: image and commit. */
export function sameName(a: ReleaseName, b: ReleaseName): boolean {
  return a.image === b.image && a.commit === b.commit;
}

/**
 * The weight that counts: the lesser of what was recorded and what is routed. A killed `up` leaves the two apart, and
 * the kill switch routes 0: traffic that is not there now has to earn its way back.
 */
export function weightNow(canary: CanaryRecord | undefined): number {
  if (canary === undefined) return 0;
  const known = [canary.weight, canary.routed].filter((weight) => weight !== undefined);
  return known.every((weight) => Number.isFinite(weight) && weight >= 0) ? Math.min(...known) : Number.NaN;
}
