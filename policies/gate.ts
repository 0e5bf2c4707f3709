import * as pulumi from "@pulumi/pulumi";
import type { Request } from "../evidence/request";
import type { Outcome } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import type { StepRecord } from "../rollout/record";
import type { StageRecord } from "../rollout/world";
import { withDeadline } from "./deadline";

/** The longest that a gate takes, in milliseconds; each thing that it reads has a shorter deadline of its own. */
const DEADLINE = 60_000;

/**
 * When the gate begins, in milliseconds after the pack was loaded, if nobody has asked by then: the engine starts the
 * program once it knows the pack's port and has had three answers, so those first, and the gate decides while the program
 * starts.
 */
const HEAD_START = 100;

/** A gate's decision, in what the policies need of it. */
export interface Decided extends StepRecord {
  readonly outcome: Outcome;
  /** One message for each criterion that keeps the gate shut. */
  readonly refusals: readonly string[];
  /** What the program says beside the engine's list of changes. */
  readonly overview: string;
  /** What the pack itself would ask clearance for; absent where the project could not be read. */
  readonly request?: Request;
  readonly digest?: Digest;
  /** Whether people must approve what enters this stage. */
  readonly needsApproval: boolean;
  /** Stage stacks: the record to write once the stage is entered. */
  readonly record?: StageRecord;
  /** How a resource differs from what was approved, in words; absent where no approval was asked for. */
  readonly unapproved?: (urn: string, inputs: Readonly<Record<string, unknown>>) => string | undefined;
}

/** The one gate of a run. */
export interface Gate {
  readonly mode: "preview" | "up";
  readonly decided: Promise<Decided>;
}

/** Starts to decide while the engine is still starting the program; never rejects. */
export function openGate(): Gate {
  const mode = pulumi.runtime.isDryRun() ? "preview" : "up";
  const late = () => new HoldpointError("deadline", `the gate could not decide within ${DEADLINE / 1000} s`);
  let decided: Promise<Decided> | undefined;
  const begin = () =>
    (decided ??= withDeadline(DEADLINE, decide(mode), late).catch(async (error: unknown) => {
      const { refuse } = await import("./decide");
      return refuse(error);
    }));
  setTimeout(begin, HEAD_START);
  return {
    mode,
    get decided() {
      return begin();
    },
  };
}

async function decide(mode: "preview" | "up"): Promise<Decided> {
  // What decides takes as long to load as the engine's SDK does again.
  const { decideRun } = await import("./decide");
  return decideRun(mode);
}
