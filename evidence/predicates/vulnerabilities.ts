/** in-toto vulns v0.2: one scan, its findings, and how old the scanner's database was. */
import { z } from "zod";
import type { EvidenceFacts } from "../../rollout/evidence";
import type { Predicate } from "./shared";
import { utc, words } from "./shared";

/** Member that says what was looked at; vulns v0.2 has none for it. */
export const SCOPE = "https://holdpoint.dev/scope";

const severity = z.object({ method: z.string(), score: z.string() });

const scan = z.object({
  scanner: z.object({
    uri: words,
    version: z.string().optional(),
    // The specification requires lastUpdate. A scanner that asks a live service (Snyk) has no database and no such
    // time; inventing one would be worse than leaving it out, and a criterion may demand it.
    db: z.object({ uri: z.string().optional(), version: z.string().optional(), lastUpdate: utc.optional() }),
    result: z.array(z.object({ id: words, severity: z.array(severity).default([]) })),
  }),
  metadata: z.object({ scanStartedOn: utc.optional(), scanFinishedOn: utc }),
  [SCOPE]: z.enum(["code", "dependencies", "image"]).optional(),
});
/** The clocks of a database's maker and of a scanner may be so far apart. */
export const DATABASE_SKEW = 60_000;

const schema = scan
  .refine(
    ({ scanner, metadata }) => !((scanner.db.lastUpdate ?? -Infinity) > metadata.scanFinishedOn + DATABASE_SKEW),
    "a database that was made after the scan",
  )
  .refine(
    ({ metadata }) => !((metadata.scanStartedOn ?? -Infinity) > metadata.scanFinishedOn),
    "a scan that ended before it began",
  );

/** What attest writes. */
export type VulnerabilitiesPredicate = z.input<typeof schema>;

type Level = keyof EvidenceFacts["vulnerabilities"]["counts"];

/** Kind "vulnerabilities". It is about an artifact, not about a stage. */
export const vulnerabilities: Predicate<"vulnerabilities"> = {
  kind: "vulnerabilities",
  type: "https://in-toto.io/attestation/vulns/v0.2",
  schema,
  read(predicate, clock) {
    const { scanner, metadata, [SCOPE]: scope } = schema.parse(predicate);
    const { lastUpdate } = scanner.db;
    const counts: Record<Level, number> = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
    const critical: string[] = [];
    for (const { id, severity: scores } of scanner.result) {
      const level = worst(scores.map(({ score }) => levelOf(score)));
      counts[level] += 1;
      if (level === "critical") critical.push(id);
    }
    const databaseUpdatedAt = lastUpdate === undefined ? {} : { databaseUpdatedAt: clock.at(lastUpdate) };
    const times = [metadata.scanStartedOn, metadata.scanFinishedOn, lastUpdate];
    return {
      facts: {
        scanner: scanner.uri,
        ...(scope === undefined ? {} : { scope }),
        counts,
        critical,
        ...databaseUpdatedAt,
      },
      finishedAt: metadata.scanFinishedOn,
      stage: undefined,
      past: times.filter((time) => time !== undefined),
    };
  },
};

const ORDER: readonly Level[] = ["critical", "high", "medium", "low", "unknown"];

/** Where methods disagree the worst counts. */
function worst(levels: readonly Level[]): Level {
  return ORDER.find((level) => levels.includes(level)) ?? "unknown";
}

/** Whether one score is worse than another. */
export function isWorse(score: string, than: string): boolean {
  return ORDER.indexOf(levelOf(score)) < ORDER.indexOf(levelOf(than));
}

/** A word, or a CVSS score by the bands of CVSS v3.1, section 5. */
function levelOf(score: string): Level {
  const word = score.trim().toLowerCase();
  if (word === "moderate") return "medium";
  if (word === "negligible" || word === "none" || word === "info") return "low";
  const known = ORDER.find((level) => level === word);
  if (known !== undefined) return known;
  if (!/^\d{1,2}(?:\.\d+)?$/.test(word)) return "unknown";
  const value = Number(word);
  if (value > 10) return "unknown";
  return value >= 9 ? "critical" : value >= 7 ? "high" : value >= 4 ? "medium" : "low";
}
