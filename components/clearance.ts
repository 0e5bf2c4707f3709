import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { CLEARANCE, checkAnswer, clearanceMissing, type Asked, type PackVerdict } from "../rollout/clearance";
import { HoldpointError } from "../rollout/errors";

/** How long the program waits for the pack's answer before it stops, in milliseconds. The pack's own is shorter. */
const DEADLINE = 90_000;

/**
 * Asks the policy pack, through the engine, whether this run may go on. Nothing else is declared before the answer is
 * there, so a run without the pack, or with the gate switched off, changes nothing. In a preview a NO-GO is returned
 * too, so that the reviewer sees the whole change beside the refusals.
 * @param wayBack whether this run can only lead back (all traffic to the baseline): it then goes on without a pack
 *   too, because a broken pack must not stand between an operator and safety; the answer is then undefined
 * @throws HoldpointError `clearance-missing` without a fresh and whole answer, `clearance-refused` unless GO in `up`
 */
export async function askClearance(
  request: object,
  requestDigest: string,
  { wayBack }: { wayBack: boolean },
): Promise<PackVerdict | undefined> {
  const asked = asking(request, requestDigest);
  // Unknown in a preview, so that a saved update plan accepts whichever nonce the update makes.
  const stash = new pulumi.Stash(CLEARANCE.name, { input: { request, nonce: asked.nonce ?? pulumi.unknown } });
  const answer = await inTime(asked, answerOf(stash));
  if (wayBack && !hasVerdict(answer)) return undefined;
  const verdict = checkAnswer(answer, asked);
  if (verdict.outcome !== "GO" && asked.mode === "up") {
    throw new HoldpointError("clearance-refused", `the decision is ${verdict.outcome}\n${verdict.text}`);
  }
  return verdict;
}

function hasVerdict(answer: unknown): boolean {
  return (answer as { verdict?: unknown } | undefined)?.verdict !== undefined;
}

function asking(request: object, requestDigest: string): Asked {
  const run = { stack: pulumi.getStack(), request, requestDigest };
  return pulumi.runtime.isDryRun()
    ? { ...run, mode: "preview" }
    : { ...run, mode: "up", nonce: randomBytes(16).toString("hex") };
}

/** The resource's inputs as the engine handed them back. */
function answerOf(stash: pulumi.Stash): Promise<unknown> {
  // With `true` it also settles for outputs that hold unknowns, which `apply` would skip in a preview.
  return (stash.input as unknown as { promise(withUnknowns: boolean): Promise<unknown> }).promise(true);
}

async function inTime(asked: Asked, answer: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const stop = () => reject(clearanceMissing(asked, `the policy pack gave no answer within ${DEADLINE / 1000} s`));
    timer = setTimeout(stop, DEADLINE);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
