/** The newest scan for vulnerabilities. */
import type { EvidenceOf } from "../evidence";
import type { CriterionOf } from "../plan";
import { showDuration } from "../units";
import type { World } from "../world";
import { listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest } from "./select";

type Criterion = CriterionOf<"vulnerabilities">;
type Scan = EvidenceOf<"vulnerabilities">;

const SEVERITIES = ["critical", "high", "medium", "low", "unknown"] as const;

/** Passes if no severity has more findings than allowed; checks the age of the scan and of its database. */
export function judgeVulnerabilities(criterion: Criterion, world: World): Answer {
  const limits = SEVERITIES.filter((severity) => criterion.atMost[severity] !== undefined);
  const allowed = limits.map((severity) => `${criterion.atMost[severity]} ${severity}`).join(", ");
  const latest = {
    wish: {
      kind: "vulnerabilities",
      noun: `scan${criterion.scope === undefined ? "" : ` of ${criterion.scope}`}`,
      about: (facts: Scan["facts"]) => criterion.scope === undefined || facts.scope === criterion.scope,
    },
    criterion,
    world,
    wanted: `a scan of this release${criterion.scope === undefined ? "" : `'s ${criterion.scope}`} within ${showDuration(criterion.maxAge)} with at most ${allowed}`,
    remedy: "mend or update what is vulnerable, scan again and attest the report",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, (scan) => judgeScan(scan, criterion, world.now));
}

function judgeScan(
  { facts }: Scan,
  criterion: Criterion,
  now: number,
): { verdict: "pass" | "fail" | "stale"; found: string } {
  const over = SEVERITIES.filter((severity) => {
    const limit = criterion.atMost[severity];
    return limit !== undefined && !(facts.counts[severity] <= limit);
  });
  if (over.length > 0) {
    const numbers = over.map((severity) => `${facts.counts[severity]} ${severity}`);
    const names = facts.critical.length > 0 && over.includes("critical") ? ` (${listed(facts.critical)})` : "";
    return { verdict: "fail", found: `${listed(numbers)} by ${facts.scanner}${names}` };
  }
  const { databaseMaxAge } = criterion;
  if (databaseMaxAge !== undefined) {
    const updated = facts.databaseUpdatedAt;
    if (updated === undefined)
      return { verdict: "stale", found: `a scan by ${facts.scanner} that does not say how old its database is` };
    // A database from the future is a clock that is off.
    if (!(now - updated <= databaseMaxAge) || updated > now) {
      return {
        verdict: "stale",
        found: `a scan by ${facts.scanner} with a database of ${showDuration(now - updated)} ago, allowed are ${showDuration(databaseMaxAge)}`,
      };
    }
  }
  return {
    verdict: "pass",
    found: `${facts.counts.critical} critical, ${facts.counts.high} high by ${facts.scanner}`,
  };
}
