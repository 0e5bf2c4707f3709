/** What a gate's findings come to: GO only if every criterion of the plan answered, and every answer lets it open. */
import { broken } from "./broken";
import { isApproval } from "./criteria/answers";
import { isUnmet } from "./decision";
import type { Decision, Finding, Outcome } from "./decision";
import type { Criterion, Plan } from "./plan";
import { trustFindings } from "./trust";
import type { World } from "./world";

/** The decision of a gate on its findings, and on what keeps every gate shut. */
export function decision(gate: string, world: World, findings: readonly Finding[]): Decision {
  const all = [...clockFindings(world), ...goneFindings(world), ...findings];
  return {
    gate,
    outcome: outcome(all),
    findings: all,
    decidedAt: world.now,
    ...opening(all),
    ...(world.clockNote === undefined ? {} : { clock: world.clockNote }),
    ...(world.trust?.note === undefined ? {} : { trust: world.trust.note }),
    approvals: [],
  };
}

/** When all that only time mends is mended at once, where that is known. */
function opening(findings: readonly Finding[]): Pick<Decision, "opensAt"> {
  const times = findings.filter(isUnmet).flatMap(({ opensAt }) => opensAt ?? []);
  return times.length === 0 ? {} : { opensAt: Math.max(...times) };
}

/** A clock that can't be trusted is a NO-GO of its own: every age and window rests on it. */
function clockFindings(world: World): Finding[] {
  const found = world.clockFailure ?? (Number.isFinite(world.now) ? undefined : "a clock without a time");
  if (found === undefined) return [];
  return [
    {
      ...broken("clock", "the machine", found, "a clock that can be trusted"),
      title: "The clock",
      remedy: "set the machine's clock",
    },
  ];
}

/** Evidence that was taken away is no criterion's: nobody can know any more which one it would have shut. */
function goneFindings({ evidenceGone = [] }: World): Finding[] {
  if (evidenceGone.length === 0) return [];
  const more = evidenceGone.length > 5 ? ` and ${evidenceGone.length - 5} more` : "";
  return [
    {
      ...broken(
        "evidence-kept",
        "the evidence store",
        `${evidenceGone.slice(0, 5).join("; ")}${more}`,
        "all evidence that was added is still there",
      ),
      title: "Nothing was taken out of the evidence store",
      owner: "whoever keeps the evidence store",
      remedy: "put back what was taken away, from a copy of the store",
      command: "npx holdpoint history --check",
    },
  ];
}

function outcome(findings: readonly Finding[]): Outcome {
  // No finding at all is no criterion met.
  if (findings.length === 0) return "NO-GO";
  const open = findings.filter(isUnmet);
  if (open.length === 0) return "GO";
  return open.every((finding) => finding.verdict === "pending") ? "PENDING" : "NO-GO";
}

/**
 * Also where this gate asks for nothing signed: what it lets through is recorded as let through under this trust file. A
 * store that could not be read leaves nothing to believe, and each criterion says so itself.
 */
export function trustGuards(asked: boolean, { trust, evidenceFailure }: World): Finding[] {
  if (trust === undefined && (!asked || evidenceFailure !== undefined)) return [];
  return trustFindings(trust);
}

/** A failing finding for each criterion of the plan that nothing answered. */
export function rollCall(ids: readonly string[], findings: readonly Finding[], plan: Plan): Finding[] {
  const answered = new Set(findings.map((finding) => finding.criterion));
  return ids
    .filter((id) => !answered.has(id))
    .map((id) =>
      broken(
        id,
        plan.source.file,
        "no answer: the criterion was not judged",
        "an answer for every criterion of the plan",
      ),
    );
}

/** The findings that keep a gate shut. */
export function unmet(decided: Decision): readonly Finding[] {
  return decided.findings.filter(isUnmet);
}

/** The one with the fewest unmet findings; of equals always the same. */
export function nearestToGo(decisions: readonly Decision[]): Decision | undefined {
  const [best] = decisions.toSorted(
    (a, b) => unmet(a).length - unmet(b).length || compareText(a.updatePlan, b.updatePlan),
  );
  return best;
}

function compareText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a decision consumes, and under which update plan. */
export function withApprovals(made: Decision, approvals: readonly string[], updatePlan: string | undefined): Decision {
  return { ...made, approvals, ...(updatePlan === undefined || approvals.length === 0 ? {} : { updatePlan }) };
}

/** Approvals that a GO consumes, out of the evidence that its findings rest on. */
export function usedApprovals(criteria: readonly Criterion[], findings: readonly Finding[], world: World): string[] {
  const ids = new Set(world.approvals.map((approval) => approval.id));
  const asked = new Set(criteria.filter(isApproval).map((criterion) => criterion.id));
  const used = findings.filter((finding) => asked.has(finding.criterion)).flatMap((finding) => finding.used);
  return [...new Set(used.filter((id) => ids.has(id)))].toSorted();
}
