/**
 * Waivers: signed, reasoned, expiring permission to pass one named criterion that is not met. What is waived is always
 * shown as that, with who, why and until when, and what was promised for it blocks the next release until it is done.
 */
import { listed } from "./criteria/answer";
import type { Context } from "./criteria/answer";
import type { Finding } from "./decision";
import { isUnmet } from "./decision";
import type { Waiver } from "./evidence";
import type { Criterion, Plan } from "./plan";
import { sameName } from "./world";
import { showDuration, showTime } from "./units";

type Rules = NonNullable<Plan["waivers"]>;

/** Why a criterion can't be waived by anybody, or undefined. The clock and the roll-call are no criteria at all. */
export function unwaivable(criterion: Criterion): string | undefined {
  if (criterion.severity === "critical") return "it is critical";
  switch (criterion.kind) {
    case "sign-off":
    case "update-plan-review":
      return "it is an approval";
    case "canary-at-rest":
      return "users would get a version that nobody judged";
    default:
      return undefined;
  }
}

/** A finding under the waivers that there are for its criterion: waived, or as it was with the reason why they do not count. */
export function waive(criterion: Criterion, finding: Finding, context: Context): Finding {
  const { plan, stage, world } = context;
  const meant = (world.waivers ?? []).filter(
    ({ binding }) => binding.criterion === criterion.id && binding.stage === stage.name,
  );
  if (!isUnmet(finding) || meant.length === 0) return finding;
  const never = plan.waivers === undefined ? "the plan has no waivers" : unwaivable(criterion);
  if (plan.waivers === undefined || never !== undefined) {
    return { ...finding, found: `${finding.found}; it can't be waived: ${never ?? ""}` };
  }
  const { counting, others } = sort(meant, plan.waivers, context);
  const last = counting[plan.waivers.count - 1];
  if (last === undefined) {
    const why = others.length === 0 ? "" : `: ${listed(others)}`;
    return { ...finding, found: `${finding.found}; ${counting.length} of ${plan.waivers.count} waivers${why}` };
  }
  return waived(finding, counting, last.grantedAt + last.validFor);
}

function waived(finding: Finding, waivers: readonly Waiver[], until: number): Finding {
  const by = waivers.map(({ id, signer, reason, obligation }) => ({
    signer: signer.id,
    reason,
    obligation,
    waiver: id,
  }));
  const words = by.map(({ signer, reason }) => `${signer} (${reason})`);
  const promised = [...new Set(by.map(({ obligation }) => `"${obligation}"`))];
  const { command: _, opensAt: __, ...rest } = finding;
  return {
    ...rest,
    verdict: "waived",
    found: `not met: ${finding.found}; waived until ${showTime(until)} by ${listed(words)}; promised: ${promised.join(", ")}`,
    remedy: "",
    used: [...new Set([...finding.used, ...waivers.map(({ id }) => id)])],
    waived: { verdict: finding.verdict, until, by },
  };
}

interface Sorted {
  /** One of each person, the longest first. */
  readonly counting: readonly Waiver[];
  readonly others: readonly string[];
}

function sort(waivers: readonly Waiver[], rules: Rules, context: Context): Sorted {
  const others: string[] = [];
  const counting = new Map<string, Waiver>();
  const end = ({ grantedAt, validFor }: Waiver): number => grantedAt + validFor;
  const ordered = waivers.toSorted((a, b) => end(b) - end(a) || (a.id < b.id ? -1 : 1));
  for (const waiver of ordered) {
    const why = whyNot(waiver, rules, context);
    if (why !== undefined) others.push(`${waiver.signer.id}'s ${why}`);
    else if (!counting.has(waiver.signer.id)) counting.set(waiver.signer.id, waiver);
  }
  return { counting: [...counting.values()], others: [...new Set(others)].toSorted() };
}

/** Why a waiver does not count here, or undefined. */
function whyNot({ binding, signer, grantedAt, validFor }: Waiver, rules: Rules, context: Context): string | undefined {
  const { plan, stage, world } = context;
  // A waiver is of the stage itself, also where the canary's own stack asks.
  if (binding.stack !== stage.name) return `is for stack ${binding.stack}`;
  if (binding.plan !== plan.source.digest) return "is for another version of the plan";
  if (!sameName(binding, world.release)) return "is for another release";
  if (!signer.roles.some((role) => rules.from.includes(role)))
    return `does not count without the role ${rules.from.join(" or ")}`;
  if (signer.id.toLowerCase() === world.release.author.toLowerCase())
    return "does not count: the author of a change never waives its criteria";
  if (!(validFor > 0 && validFor <= rules.atMost)) {
    return `is for ${showDuration(validFor)}, and ${showDuration(rules.atMost)} is the longest allowed`;
  }
  if (!(grantedAt <= world.now)) return "lies in the future";
  const over = world.now - grantedAt - validFor;
  if (!(over < 0)) return over === 0 ? "expired just now" : `expired ${showDuration(over)} ago`;
  return undefined;
}
