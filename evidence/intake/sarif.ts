/**
 * SARIF 2.1.0 of a scanner of code. Severity is the rule's `security-severity` where it has one, else the level: error is
 * high, warning medium, note low. Suppressed results count: what may be ignored is the plan's to say.
 */
import { z } from "zod";
import type { Format, ReportFile } from "./report";
import { isRecord, refuse, single } from "./report";
import type { Found } from "./scans";
import { instant, scanOf } from "./scans";
import { readAs } from "./schema";

const level = z.enum(["error", "warning", "note", "none"]);
const rule = z.object({
  id: z.string(),
  defaultConfiguration: z.object({ level: level.optional() }).optional(),
  properties: z.object({ "security-severity": z.union([z.string(), z.number()]).optional() }).optional(),
});
const notification = z.object({ level: level.default("warning"), message: z.object({ text: z.string().optional() }) });
const run = z.object({
  tool: z.object({
    driver: z.object({
      name: z.string().min(1),
      version: z.string().optional(),
      semanticVersion: z.string().optional(),
      rules: z.array(rule).optional(),
    }),
    // Packs of rules, as CodeQL brings them.
    extensions: z.array(z.object({ rules: z.array(rule).optional() })).optional(),
  }),
  externalPropertyFileReferences: z.object({ results: z.unknown().optional() }).optional(),
  invocations: z
    .array(
      z.object({
        executionSuccessful: z.boolean(),
        endTimeUtc: z.string().optional(),
        toolExecutionNotifications: z.array(notification).optional(),
        toolConfigurationNotifications: z.array(notification).optional(),
      }),
    )
    .optional(),
  artifacts: z.array(z.unknown()).optional(),
  results: z.array(
    z.object({
      ruleId: z.string().optional(),
      rule: z.object({ id: z.string().optional() }).optional(),
      ruleIndex: z.number().int().optional(),
      kind: z.string().default("fail"),
      level: level.optional(),
      locations: z.array(z.unknown()).optional(),
    }),
    "the results of a run (absent means that nothing was scanned)",
  ),
});
const schema = z.object({ version: z.literal("2.1.0"), runs: z.array(run) });
type Run = z.output<typeof run>;

/** SARIF → "vulnerabilities". */
export const sarif: Format = {
  name: "SARIF",
  kind: "vulnerabilities",
  recognises: ({ json }) =>
    isRecord(json) &&
    Array.isArray(json["runs"]) &&
    ((typeof json["$schema"] === "string" && /sarif/i.test(json["$schema"])) || json["version"] === "2.1.0"),
  read(files, stated) {
    const file = single(files, "SARIF");
    const { runs } = readAs(schema, file.json, file, "SARIF");
    const [first] = runs;
    if (first === undefined) throw refuse("intake-empty", `${file.name}: not one run in it`);
    for (const one of runs) checkRun(file, one);
    const names = [...new Set(runs.map(({ tool }) => tool.driver.name))];
    const { version, semanticVersion = version } = first.tool.driver;
    const finishedAt = endOf(file, runs);
    const scan = {
      scanner: names.join(", "),
      ...(semanticVersion === undefined || names.length > 1 ? {} : { version: semanticVersion }),
      findings: runs.flatMap((one, index) => findingsOf(one, index)),
      ...(finishedAt === undefined ? {} : { finishedAt }),
      // Rules, not a database of what others found.
      live: true,
    };
    return scanOf(file, scan, stated);
  },
};

function checkRun(file: ReportFile, run: Run): void {
  const { tool, invocations = [], artifacts = [], results } = run;
  const { name } = tool.driver;
  if (run.externalPropertyFileReferences?.results !== undefined)
    throw refuse("intake-truncated", `${file.name}: ${name} wrote its results into another file`);
  // Semgrep warns of a file that it could not parse, finds nothing in it, and says that it was successful.
  const errors = invocations.flatMap(
    ({ toolExecutionNotifications: ran = [], toolConfigurationNotifications = [] }) => [
      ...ran.filter(({ level: said }) => said === "error" || said === "warning"),
      ...toolConfigurationNotifications.filter(({ level: said }) => said === "error"),
    ],
  );
  if (errors.length > 0 || invocations.some(({ executionSuccessful }) => !executionSuccessful)) {
    const why = errors[0]?.message.text;
    throw refuse(
      "intake-run-failed",
      `${file.name}: ${name} says that it could not scan everything${why === undefined ? "" : `: ${why.slice(0, 200)}`}`,
    );
  }
  if (results.length > 0 || artifacts.length > 0 || invocations.length > 0) return;
  throw refuse(
    "intake-empty",
    `${file.name}: ${name} found nothing, and says neither what it scanned nor that it ended well`,
  );
}

/** The end of the last run, where every run says its own. */
function endOf(file: ReportFile, runs: readonly Run[]): number | undefined {
  const ends = runs.map(({ invocations = [] }) => invocations.map(({ endTimeUtc }) => endTimeUtc));
  if (ends.some((all) => all.length === 0 || all.includes(undefined))) return undefined;
  const times = ends.flat().map((text) => instant(file, "endTimeUtc", String(text)));
  return Math.max(...times);
}

/** Kinds of results that say that nothing is wrong. What is open, or for a person to review, is not settled: it counts. */
const NOTHING_WRONG: ReadonlySet<string> = new Set(["pass", "notApplicable", "informational"]);

function findingsOf({ tool, results }: Run, run: number): Found[] {
  return results
    .filter(({ kind }) => !NOTHING_WRONG.has(kind))
    .map((result, index) => {
      const name = result.ruleId ?? result.rule?.id;
      const known = ruleOf(tool, name, result.ruleIndex);
      const severity = known?.properties?.["security-severity"];
      const settled = result.kind === "fail";
      const given = result.level ?? known?.defaultConfiguration?.level ?? "warning";
      return {
        // Each result is a finding of its own, also where one rule finds twice.
        id: `${name ?? known?.id ?? "unnamed"}#${run}.${index}`,
        ...(severity === undefined
          ? { method: "sarif_level", score: settled ? LEVELS[given] : "unknown" }
          : { method: "security-severity", score: String(severity) }),
      };
    });
}

/** The rule of this id, also among the packs; by its place in the list where the result names none. */
function ruleOf(
  tool: Run["tool"],
  name: string | undefined,
  at: number | undefined,
): z.output<typeof rule> | undefined {
  const own = tool.driver.rules ?? [];
  const all = [...own, ...(tool.extensions ?? []).flatMap(({ rules = [] }) => rules)];
  if (name === undefined) return own[at ?? -1];
  // "CA1000/1" is a part of the rule CA1000.
  const named = all.filter(({ id }) => id === name || name.startsWith(`${id}/`));
  return named.toSorted((a, b) => severityOf(b) - severityOf(a))[0] ?? own[at ?? -1];
}

function severityOf({ properties }: z.output<typeof rule>): number {
  const severity = Number(properties?.["security-severity"] ?? -1);
  return Number.isNaN(severity) ? -1 : severity;
}

const LEVELS = { error: "high", warning: "medium", note: "low", none: "low" } as const;
