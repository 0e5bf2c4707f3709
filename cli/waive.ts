/** A person's permission to pass one criterion that is not met: checked against the plan, shown, signed. */
import { signWaiver } from "../evidence/waiver";
import type { Finding } from "../rollout/decision";
import { isUnmet } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import { allAsked, stepsAsk } from "../rollout/gate";
import type { Canary, Criterion, Plan, Stage } from "../rollout/plan";
import type { Release } from "../rollout/release";
import { canaryStack } from "../rollout/stacks";
import { parseDuration, showDuration } from "../rollout/units";
import { unwaivable } from "../rollout/waivers";
import { choice } from "../rollout/yaml";
import { confirm } from "./confirm";
import type { Context, Outcome } from "./context";
import { decideNow } from "./gate";
import { planOfStage } from "./plan-file";
import { openSigning, releaseOf, type SignerOptions, type Signing } from "./signing";

/** What was typed. */
export interface WaiveOptions extends SignerOptions {
  readonly reason: string;
  /** "4 hours" */
  readonly for: string;
  /** What must be done before the next release. */
  readonly obligation: string;
  /** Sign without asking. */
  readonly yes: boolean;
}

/**
 * Signs a waiver of one criterion of a stage's gate, for the release that is configured there and for this plan.
 * @throws HoldpointError `usage`, `not-waivable`, `key-unusable`, and as `openSigning` and `decideNow` do
 */
export async function waive(context: Context, stage: string, id: string, options: WaiveOptions): Promise<Outcome> {
  const { plan, stage: planned } = planOfStage(context, stage);
  const { criterion, stack } = findCriterion(plan, planned, id);
  const rules = checkWaivable(plan, criterion);
  checkSpan(options.for, rules);
  const signing = await openSigning(context, stage, options);
  const release = releaseOf(signing.file);
  checkSigner(signing, stage, rules, release);
  const before = (await decideNow(context, stack)).decision.findings.filter(isOf(id));
  if (before.length > 0 && !before.some(isUnmet) && !before.some(({ verdict }) => verdict === "waived")) {
    throw new HoldpointError("not-waivable", `${id} is met now: ${before.map(({ found }) => found).join("; ")}`, {
      remedy: `holdpoint status ${stage}`,
    });
  }
  show(context, signing, release, { stage, id, before, options });
  await confirm(context, { what: "the criterion's id", typed: id }, options);
  const { reason, obligation } = options;
  const binding = {
    stack: stage,
    stage,
    criterion: id,
    plan: plan.source.digest,
    image: release.image,
    commit: release.commit,
  };
  const signer = signing.identity.id;
  const said = { signer, binding, reason, obligation, grantedAt: Date.now(), validFor: options.for };
  const stored = await signing.store.put(signWaiver(said, signing.key));
  // A canary that is asked to stay where it is has no gate to speak of: its next step tells.
  const after = (await decideNow(context, stack)).decision.findings.filter(isOf(id));
  context.terminal.say(`signed by ${signer} and stored as ${stored.slice(0, 12)}`);
  for (const { verdict, found } of after) context.terminal.say(`${id}: ${verdict}: ${found}`);
  const open = after.some(isUnmet);
  return {
    // Signed, and somebody else still has to.
    exitCode: open ? 3 : 0,
    result: {
      id: stored,
      criterion: id,
      signer,
      binding,
      reason,
      obligation,
      for: options.for,
      waived: after.some(({ verdict }) => verdict === "waived"),
    },
  };
}

const isOf =
  (id: string) =>
  ({ criterion }: Finding): boolean =>
    criterion === id || criterion.startsWith(`${id}.`);

/** A criterion of the stage's gates or of its canaries' steps, and the stack whose gate asks it. */
function findCriterion(plan: Plan, stage: Stage, id: string): { criterion: Criterion; stack: string } {
  const steps = (canary: Canary, operation?: string) =>
    stepsAsk(canary).map((criterion) => ({ criterion, stack: canaryStack(stage.name, operation) }));
  const all: { criterion: Criterion; stack: string }[] = [
    ...allAsked(plan, stage).map(({ criterion }) => ({ criterion, stack: stage.name })),
    ...(stage.canary === undefined ? [] : steps(stage.canary)),
    ...Object.entries(stage.canaries ?? {}).flatMap(([operation, canary]) => steps(canary, operation)),
  ];
  const found = all.find(({ criterion }) => criterion.id === id);
  if (found !== undefined) return found;
  const ids = all.map(({ criterion }) => criterion.id);
  throw new HoldpointError("usage", `${stage.name} has no criterion "${id}"; expected ${choice(ids, id)}`, {
    remedy: `holdpoint explain ${stage.name}`,
  });
}

type Rules = NonNullable<Plan["waivers"]>;

function checkWaivable(plan: Plan, criterion: Criterion): Rules {
  const why = plan.waivers === undefined ? `${plan.source.file} has no waivers` : unwaivable(criterion);
  if (plan.waivers !== undefined && why === undefined) return plan.waivers;
  throw new HoldpointError("not-waivable", `${criterion.id} can't be waived: ${why ?? ""}`, {
    remedy: criterion.remedy ?? "meet it: holdpoint status shows how",
  });
}

function checkSpan(text: string, { atMost }: Rules): void {
  const span = parseDuration(text);
  if (span !== undefined && span > 0 && span <= atMost) return;
  throw new HoldpointError("usage", `--for: found "${text}", expected at most ${showDuration(atMost)}`, {
    remedy: `--for "${showDuration(atMost)}"`,
  });
}

/** What anybody else signs would be stored and never count. */
function checkSigner({ identity, trust }: Signing, stage: string, { from }: Rules, release: Release): void {
  const may = trust.signer(identity, "waiver", stage)?.roles ?? [];
  if (!may.some((role) => from.includes(role))) {
    throw new HoldpointError("key-unusable", `${identity.id} has no role that may waive criteria of ${stage}`, {
      remedy: `have somebody sign who has the role ${from.join(" or ")} with the right "waiver" in the trust file`,
    });
  }
  if (identity.id.toLowerCase() !== release.author.toLowerCase()) return;
  throw new HoldpointError("key-unusable", `${identity.id} wrote the change, and never waives its criteria`, {
    remedy: `have somebody else sign with the role ${from.join(" or ")}`,
  });
}

function show(
  context: Context,
  { identity }: Signing,
  release: Release,
  { stage, id, before, options }: { stage: string; id: string; before: readonly Finding[]; options: WaiveOptions },
): void {
  const lines = [
    `${stage}: release ${release.version}, commit ${release.commit.slice(0, 12)}, by ${release.author}`,
    ...before.map(({ verdict, found, wanted }) => `${id} is ${verdict}: ${found}\n  wanted: ${wanted}`),
    `to be signed by ${identity.id}: this release may pass without it for ${options.for}`,
    `  because: ${options.reason}`,
    `  before the next release: ${options.obligation}`,
  ];
  context.terminal.say(lines.join("\n"));
}
