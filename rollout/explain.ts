/** A decision as text for a terminal: plain, complete, and readable at 2 a.m. */
import { short } from "./criteria/answer";
import { isUnmet } from "./decision";
import type { Decision, Finding } from "./decision";
import { inOneLine } from "./printable";
import { showTime } from "./units";

/** One message for each finding that keeps the gate shut: each becomes a policy violation of its own. */
export function renderRefusals(decision: Decision): readonly string[] {
  const refusals = unmet(decision).map((finding) => renderFinding(finding));
  return refusals.length === 0 && decision.outcome !== "GO" ? [`NO-GO ${decision.gate}: nothing was judged`] : refusals;
}

/** Why one criterion is unmet: what was found, what was wanted, who mends it and how, and where the plan says so. */
export function renderFinding(finding: Finding): string {
  const { criterion, title, verdict, found, wanted, owner, remedy, command, line, opensAt } = finding;
  const label = verdict === "pending" ? "PENDING" : isUnmet(finding) ? "NO-GO" : verdict;
  return [
    `${label} ${criterion}: ${title}${verdict === "stale" || verdict === "inconclusive" ? ` (${verdict})` : ""}`,
    `found: ${inOneLine(found)}`,
    `wanted: ${wanted}`,
    ...(remedy === "" ? [] : [`fix: ${remedy}`]),
    ...(command === undefined ? [] : [`     ${command}`]),
    ...(opensAt === undefined ? [] : [`opens: ${showTime(opensAt)}`]),
    `owner: ${owner}`,
    `plan: ${line}`,
  ].join("\n");
}

/** "NO-GO enter production: 3 of 17 criteria unmet: staging-smoke-tests, security-scan, sign-off" */
export function renderSummary(decision: Decision): string {
  const { gate, outcome, findings, wayBack } = decision;
  if (wayBack !== undefined) return `${outcome} ${gate}: ${wayBack}`;
  const open = unmet(decision);
  const total = `${findings.length} ${findings.length === 1 ? "criterion" : "criteria"}`;
  if (open.length === 0) return `${outcome} ${gate}: ${metOf(findings, total)}`;
  const ids = open.map((finding) => finding.criterion).join(", ");
  const waits = open.some(({ opensAt }) => opensAt !== undefined)
    ? "wait for approval or for time"
    : "wait for approval";
  const what = outcome === "PENDING" ? waits : "unmet";
  return `${outcome} ${gate}: ${open.length} of ${total} ${what}: ${ids}`;
}

/** "17 criteria met", or "16 of 17 criteria met, 1 waived: security-scan": what is waived was not met. */
function metOf(findings: readonly Finding[], total: string): string {
  const waived = findings.filter(({ verdict }) => verdict === "waived").map(({ criterion }) => criterion);
  if (waived.length === 0) return `${total} met`;
  return `${findings.length - waived.length} of ${total} met, ${waived.length} waived: ${waived.join(", ")}`;
}

/** Summary, when it was decided, and when waiting alone would have mended all that waiting can. */
function renderHead(decision: Decision): string {
  const { clock, trust, decidedAt, opensAt } = decision;
  const opens = opensAt === undefined ? "" : `; opens at ${showTime(opensAt)} at the earliest`;
  return `${renderSummary(decision)}\ndecided ${showTime(decidedAt)}${opens}${clock === undefined ? "" : ` (clock: ${clock})`}${trust === undefined ? "" : `\ntrust: ${trust}`}`;
}

/** The whole decision: summary, a table of all criteria, and what is missing in full. */
export function renderDecision(decision: Decision): string {
  const parts = [renderHead(decision)];
  if (decision.findings.length > 0) parts.push(renderTable(decision));
  parts.push(...unmet(decision).map((finding) => renderFinding(finding)));
  if (decision.updatePlan !== undefined) parts.push(`approved update plan: ${short(decision.updatePlan)}`);
  return parts.join("\n\n");
}

/**
 * What the program says beside the engine's list of changes. Refusals are violations of the policy pack already, each
 * in full, so only what waits for approval or for time is told in full here.
 */
export function renderOverview(decision: Decision): string {
  const parts = [renderHead(decision)];
  if (decision.findings.length > 0) parts.push(renderTable(decision));
  if (decision.outcome === "PENDING") parts.push(...unmet(decision).map((finding) => renderFinding(finding)));
  return parts.join("\n\n");
}

/** One line a criterion: id, verdict, what was found, evidence by the start of its digest. */
function renderTable({ findings, notAsked = [] }: Decision): string {
  const judged = findings.map(({ criterion, verdict, found, used }) => [
    criterion,
    verdict,
    `${inOneLine(found)}${used.length === 0 ? "" : ` [${used.map(short).join(" ")}]`}`,
  ]);
  const rows = [...judged, ...notAsked.map(({ criterion, why }) => [criterion, "not asked", why])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      ([id = "", verdict = "", found = ""]) =>
        `  ${id.padEnd(widths[0] ?? 0)}  ${verdict.padEnd(widths[1] ?? 0)}  ${found}`,
    )
    .join("\n");
}

function unmet(decision: Decision): readonly Finding[] {
  return decision.findings.filter(isUnmet);
}
