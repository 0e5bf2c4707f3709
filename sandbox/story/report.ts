import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readDecisions, type DecisionRecord } from "../../evidence/decisions";
import { openStore } from "../../evidence/store";
import { isUnmet } from "../../rollout/decision";
import { showTime } from "../../rollout/units";
import { writeFile } from "../providers/store";

/** What is left of a story for people to read. */
export interface StoryReport {
  readonly file: string;
  /** One line a decision, for the terminal. */
  readonly summary: readonly string[];
}

/** Writes the report of all decisions of a sandbox: one page of HTML that needs nothing beside it. */
export async function writeReport(dir: string): Promise<StoryReport> {
  const decisions = await readDecisions(openStore(join(dir, "evidence")));
  const file = join(dir, "report.html");
  writeFile(file, page(decisions, evidenceCount(dir)));
  return { file, summary: [...decisions.map(line), "", counted(decisions, evidenceCount(dir))] };
}

function evidenceCount(dir: string): number {
  const store = join(dir, "evidence");
  return existsSync(store) ? readdirSync(store).filter((name) => name.endsWith(".intoto.jsonl")).length : 0;
}

function counted(decisions: readonly DecisionRecord[], evidence: number): string {
  const of = (outcome: string) => decisions.filter(({ decision }) => decision.outcome === outcome).length;
  return `${decisions.length} decisions: ${of("GO")} GO, ${of("NO-GO")} NO-GO, ${of("PENDING")} PENDING, on ${evidence} signed attestations and approvals`;
}

/** "2026-11-29 02:01 UTC  GO       up       enter production          19 criteria met, 12 attestations" */
function line(record: DecisionRecord): string {
  const { decision, mode } = record;
  const columns = [showTime(decision.decidedAt), decision.outcome.padEnd(7), mode.padEnd(7), decision.gate.padEnd(30)];
  return `  ${columns.join("  ")}  ${why(record)}`;
}

function why({ decision }: DecisionRecord): string {
  if (decision.wayBack !== undefined) return `way back: ${decision.wayBack}`;
  const unmet = decision.findings.filter(isUnmet);
  const waived = decision.findings.filter(({ verdict }) => verdict === "waived");
  const met = decision.findings.length - waived.length;
  const but = waived.length === 0 ? "" : `, ${waived.map(({ criterion }) => criterion).join(", ")} waived`;
  const used = new Set(decision.findings.flatMap((finding) => finding.used)).size;
  const on = used === 0 ? "" : `, on ${used} attestations`;
  if (unmet.length === 0) return `${met} criteria met${but}${on}`;
  return `${unmet.length} of ${decision.findings.length} unmet${on}`;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1f23; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem .6rem; vertical-align: top; border-top: 1px solid #dde1e6; }
.GO, .pass { color: #0b6b34; } .NO-GO, .fail, .stale, .inconclusive { color: #a3120a; } .PENDING, .pending, .waived { color: #8a5a00; }
code { font-size: .85em; } .note { color: #5b6168; }`;

function page(decisions: readonly DecisionRecord[], evidence: number): string {
  return (
    `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>OmniHub's rollout</title><style>${STYLE}</style>\n` +
    `<h1>OmniHub's rollout: what was decided, when, and on which evidence</h1>\n<p>${escape(counted(decisions, evidence))}.</p>\n` +
    `<p class="note">Played in a sandbox: engine, policy pack, signatures and metrics are real, the clouds are stand-ins.</p>\n` +
    `${timeline(decisions)}\n${decisions.map(section).join("\n")}\n</html>\n`
  );
}

/** The decisions in their order, one square each: where the rollout was stopped is seen before it is read. */
function timeline(decisions: readonly DecisionRecord[]): string {
  const size = 26;
  const fill = { GO: "#1a8f4c", "NO-GO": "#c8281e", PENDING: "#d9a21b" } as const;
  const squares = decisions.map(
    ({ decision }, index) =>
      `<a href="#d${index}"><rect x="${index * size}" width="${size - 4}" height="${size - 4}" rx="3" fill="${fill[decision.outcome]}"><title>${escape(`${decision.gate}: ${decision.outcome}`)}</title></rect></a>`,
  );
  const width = decisions.length * size;
  return `<svg role="img" aria-label="decisions in order" width="${width}" height="${size}" viewBox="0 0 ${width} ${size}">${squares.join("")}</svg>`;
}

function section(record: DecisionRecord, index: number): string {
  const { decision, mode, stack } = record;
  const rows = decision.findings.map(
    ({ criterion, verdict, found, wanted, used, line: planLine }) =>
      `<tr><td>${escape(criterion)}<br><code class="note">${escape(planLine)}</code></td><td class="${verdict}">${verdict}</td>` +
      `<td>${escape(found)}</td><td>${escape(wanted)}</td><td><code>${used.map((id) => escape(id.slice(0, 7))).join(" ")}</code></td></tr>`,
  );
  const left = (decision.notAsked ?? []).map(
    ({ criterion, why: reason }) =>
      `<tr><td>${escape(criterion)}</td><td class="note">not asked</td><td colspan="3">${escape(reason)}</td></tr>`,
  );
  const head = "<tr><th>criterion</th><th>verdict</th><th>found</th><th>wanted</th><th>evidence</th></tr>";
  const table = rows.length === 0 ? "" : `<table>${head}${rows.join("")}${left.join("")}</table>`;
  return (
    `<h2 id="d${index}"><span class="${decision.outcome}">${decision.outcome}</span> ${escape(decision.gate)}</h2>` +
    `<p class="note">${escape(showTime(decision.decidedAt))}, ${mode} of ${escape(stack)}: ${escape(why(record))}</p>${table}`
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
