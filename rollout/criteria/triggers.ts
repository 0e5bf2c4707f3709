/**
 * The triggers that force a rollback, as a gate sees them. One that has fired keeps every step of the canary shut; so
 * does one of which nothing is known, since it may have.
 */
import { atLeast, CHANCE } from "../chance";
import type { Finding } from "../decision";
import { chanceOfSlow } from "../judge";
import { isWithin, LIMITS } from "../limits";
import { measureOf, unitOf } from "../metrics";
import type { Measure } from "../metrics";
import { keyOf, trackOf, triggerId } from "../questions";
import { numberOf, samplesOf } from "../readings";
import type { Readings } from "../readings";
import type { EvidenceCriterion, Plan, Stage, Trigger } from "../plan";
import { armedTriggers, floorOf, leastRequests } from "../triggers";
import type { MetricCondition } from "../triggers";
import { showDuration, showPercent, showQuantity } from "../units";
import type { Quantity } from "../units";
import { canaryOf, stageState, weightNow } from "../world";
import type { World } from "../world";
import { counted } from "./answer";
import type { Answer } from "./answer";
import { newestOf, withIds } from "../evidence-index";
import { judgeEvidence } from "./evidence";
import { askingOf, compare, limitWords, subject } from "./live";
import type { Judging } from "./live";

/** Where triggers are judged. */
export interface Watching {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly world: World;
}

/** Of the armed triggers those on evidence: they fire whoever watches. */
export function evidenceTriggers(plan: Plan, stage: Stage): readonly Trigger[] {
  return armedTriggers(plan, stage.name).filter(({ when }) => "criterion" in when);
}

/** A finding for each armed trigger: pass where it has not fired, fail where it has, inconclusive where nobody knows. */
export function judgeTriggers(
  watching: Watching,
  triggers = armedTriggers(watching.plan, watching.stage.name),
): Finding[] {
  const { plan, stage } = watching;
  return triggers.map((trigger) => {
    const { when } = trigger;
    const answer = "criterion" in when ? judgeAttested(when.criterion, watching) : judgeNumber(trigger, when, watching);
    const passed = answer.verdict === "pass";
    return {
      criterion: triggerId(trigger),
      title: trigger.title,
      verdict: answer.verdict,
      found: answer.found,
      wanted: answer.wanted,
      owner: trigger.owner,
      remedy: passed ? "" : answer.remedy,
      ...(passed ? {} : { command: `npx holdpoint rollback ${stage.name}` }),
      line: plan.source.at(["triggers", plan.triggers.indexOf(trigger)]),
      used: answer.used ?? [],
    };
  });
}

const BACK = "go back to 0 and mend what fired it";

/** Fires when its criterion fails on evidence that counts; what is missing or too old does not fire it. */
function judgeAttested(criterion: EvidenceCriterion, { plan, world }: Watching): Answer {
  const wanted = `nothing that makes "${criterion.title}" untrue`;
  const unknown = (found: string): Answer => ({
    wanted,
    verdict: "inconclusive",
    found,
    remedy: "make the evidence readable again, or go back to 0",
  });
  if (world.evidenceFailure !== undefined) return unknown(`the evidence could not be read: ${world.evidenceFailure}`);
  const newest = newestOf(world.evidence);
  if (newest !== undefined && !(newest.finishedAt <= world.now))
    return unknown(`${newest.file} was finished after now: a clock is off`);
  let answer: Answer;
  try {
    answer = judgeEvidence(criterion, world, plan);
  } catch (error) {
    return unknown(`the check itself failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  const used = new Set(answer.used);
  const rests = withIds(world.evidence, used, world.release);
  const fresh = rests.some(({ finishedAt }) => world.now - finishedAt <= criterion.maxAge);
  if (answer.verdict === "fail" && fresh) {
    return { wanted, verdict: "fail", found: answer.found, remedy: BACK, used: [...used] };
  }
  const found =
    answer.verdict === "pass" ? answer.found : `nothing of the last ${showDuration(criterion.maxAge)} says so`;
  return { wanted, verdict: "pass", found, remedy: "", used: [...used] };
}

function judgeNumber(trigger: Trigger, when: MetricCondition, { plan, stage, world }: Watching): Answer {
  const asking = askingOf({ plan, stage, world });
  const lasting = when.for === undefined ? "" : ` for ${showDuration(when.for)}`;
  const wanted = `${subject(when, asking)} never ${limitWords(when)}${lasting}`;
  const measure = measureOf(when.metric, asking);
  if (measure === undefined) {
    return { wanted, verdict: "fail", found: `no metric "${when.metric}" in the plan`, remedy: "mend the plan" };
  }
  // At 0 nothing of the canary can be measured, at 100 there is no baseline to compare with.
  const state = stageState(world, stage.name);
  const weight = state.ok ? weightNow(canaryOf(state, world.operation)) : Number.NaN;
  const onCanary = trackOf(when, asking) !== undefined;
  if (weight === 0 && onCanary) return { wanted, ...quiet("the first step: nothing was on the canary yet") };
  if (weight === 100 && when.of === "baseline")
    return { wanted, ...quiet("all traffic is on the canary: no baseline") };
  const id = keyOf(triggerId(trigger), asking);
  const few = rare(id, when, asking, world.readings);
  if (few !== undefined) return { wanted, ...few };
  const number = when.for === undefined ? judgeNow : judgeLasting;
  return { wanted, ...number({ ...when, id }, measure, asking, world.readings) };
}

type Judged = Pick<Answer, "verdict" | "found" | "remedy">;
type Keyed = MetricCondition & { readonly id: string };

const quiet = (found: string): Judged => ({ verdict: "pass", found, remedy: "" });
const fired = (found: string): Judged => ({ verdict: "fail", found, remedy: BACK });
const unknown = (found: string): Judged => ({
  verdict: "inconclusive",
  found,
  remedy: "make the metrics readable again, or go back to 0",
});

/** A condition counts from so many requests on, on either side: with fewer it is not met. */
function rare(id: string, when: MetricCondition, asking: Judging, readings: Readings | undefined): Judged | undefined {
  const least = leastRequests(when, trackOf(when, asking), asking.judge);
  for (const key of [`${id}.count`, `${id}.other-count`]) {
    if (readings === undefined || !Object.hasOwn(readings, key)) continue;
    const count = numberOf(readings, key);
    if ("none" in count) return unknown(`${count.none} of how many requests there were`);
    if (count.value < least) {
      return quiet(`${counted(Math.max(0, Math.floor(count.value)), "request")}, it counts from ${least} on`);
    }
  }
  return undefined;
}

/** As it is now. */
function judgeNow(when: Keyed, measure: Measure, asking: Judging, readings: Readings | undefined): Judged {
  const own = numberOf(readings, `${when.id}.value`);
  if ("none" in own) return unknown(own.none);
  const compared = compare(when, measure, { value: own.value, unit: unitOf(measure) }, asking, readings);
  if ("none" in compared) return unknown(compared.none);
  if (!isWithin(compared.quantity, when)) return quiet(compared.found);
  const chance = chanceOf(when, measure, own.value, asking, readings);
  return chance >= CHANCE ? quiet(`${compared.found}: over the limit, but it can be chance`) : fired(compared.found);
}

/**
 * The probability that a number which is compared with the baseline's comes so far over it by chance. A limit of its own
 * is taken exactly as written.
 */
function chanceOf(when: Keyed, measure: Measure, own: number, asking: Judging, readings: Readings | undefined): number {
  const limit = when.above ?? when.atLeast;
  const other = numberOf(readings, `${when.id}.other`);
  const count = numberOf(readings, `${when.id}.count`);
  if (when.of !== "baseline" || limit === undefined || "none" in other || "none" in count) return 0;
  const base = Math.max(other.value, floorOf(when, measure, asking.judge) ?? 0);
  const most = when.as === "difference" ? base + limit.value : base * limit.value;
  if ("ratio" in measure) {
    return atLeast(Math.round(Math.min(1, own) * count.value), Math.round(count.value), Math.min(1, most));
  }
  if (!("histogram" in measure)) return 0;
  const buckets = samplesOf(readings, `${when.id}.buckets`);
  if ("none" in buckets) return 0;
  const latency = buckets.list
    .map(({ labels, value }) => ({ le: Number(labels["le"]?.replace("Inf", "Infinity")), count: value }))
    .sort((a, b) => a.le - b.le);
  const bound = measure.unit === "seconds" ? most / 1000 : most;
  return chanceOfSlow({ requests: count.value, latency }, bound, 1 - measure.quantile);
}

/** For its whole time without a break: the least of it (or the most) is over the limit, and none of it is missing. */
function judgeLasting(when: Keyed, measure: Measure, _: Judging, readings: Readings | undefined): Judged {
  const least = numberOf(readings, `${when.id}.least`);
  const most = numberOf(readings, `${when.id}.most`);
  if ("none" in least) return unknown(least.none);
  if ("none" in most) return unknown(most.none);
  const unit = when.of === undefined || when.as === "difference" ? unitOf(measure) : "x";
  const low: Quantity = { value: least.value, unit };
  const high: Quantity = { value: most.value, unit };
  const whose = when.of === undefined ? "" : when.of === "baseline" ? " of the baseline's" : " of its own before";
  const found = `${showQuantity(low)} to ${showQuantity(high)}${whose} in ${showDuration(when.for ?? Number.NaN)}`;
  // Every limit is of the whole time: its lowest number must be over a lower limit, its highest under an upper one.
  const met = LIMITS.every((side) => {
    const limit = when[side];
    return limit === undefined || isWithin(side === "above" || side === "atLeast" ? low : high, { [side]: limit });
  });
  if (!met) return quiet(found);
  const seen = numberOf(readings, `${when.id}.seen`);
  if ("none" in seen) return unknown(seen.none);
  // One instant may be missing at the start of the time.
  return seen.value >= 0.95 ? fired(found) : unknown(`${found}, of which ${showPercent(seen.value)} was measured`);
}
