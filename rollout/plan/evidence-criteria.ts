/** Criteria that rest on evidence: what somebody with a role attested, about this release, not longer ago than allowed. */
import { z } from "zod";
import { duration, money } from "../units";
import { limits } from "./limits";
import { atLeastOne, count, evidenceHead, name, names, text } from "./words";
import { workflow } from "./workflow";

/** Places that must each have passed: "ubuntu-22.04", "windows-11". */
const environments = names.readonly().optional();

const tests = z.strictObject({
  kind: z.literal("tests"),
  ...evidenceHead,
  suite: name,
  /** The newest runs, all of which must have passed; in each environment, where there are several. */
  runs: atLeastOne.default(1),
  environments,
  /** A run with fewer tests than this does not count as passed. */
  atLeast: atLeastOne.default(1),
  /** Tests that may be skipped, by name; any other skipped test fails the run. */
  maySkip: z.array(text).readonly().default([]),
});

const coverage = z.strictObject({
  kind: z.literal("coverage"),
  ...evidenceHead,
  suite: name,
  /** Fraction of all lines that the tests ran: "above: 90%". */
  lines: z.strictObject(limits).optional(),
  /** Files or folders by their path, and the fraction that each must reach by itself; one that matches nothing fails. */
  modules: z.strictObject({ paths: z.array(text).min(1).readonly(), lines: z.strictObject(limits) }).optional(),
});

const vulnerabilities = z.strictObject({
  kind: z.literal("vulnerabilities"),
  ...evidenceHead,
  /** What must have been looked at; without it, any scan counts. */
  scope: z.enum(["code", "dependencies", "image"]).optional(),
  /** Most findings allowed of each severity; a severity without a number is not limited, "unknown" is 0 by default. */
  atMost: z.strictObject({
    critical: count,
    high: count.optional(),
    medium: count.optional(),
    low: count.optional(),
    unknown: count.default(0),
  }),
  /** Age of the scanner's database; a report that does not tell its date is stale then. */
  databaseMaxAge: duration.optional(),
});

/** A number out of a benchmark, a load test, a tracker: "startup, p95, under 500 ms". */
const measurement = z.strictObject({
  kind: z.literal("measurement"),
  ...evidenceHead,
  suite: name,
  measure: name,
  environments,
  ...limits,
  /** A ratio ("1x") is compared with the newest measurement of the baseline release. */
  of: z.literal("baseline").optional(),
});

const survey = z.strictObject({
  kind: z.literal("survey"),
  ...evidenceHead,
  survey: name,
  /** Fewer answers than this are no verdict. */
  answers: atLeastOne,
  /** Fraction of the answers that were satisfied. */
  ...limits,
});

const review = z.strictObject({
  kind: z.literal("review"),
  ...evidenceHead,
  /** "code", "security-audit", "documentation". */
  review: name,
  /** How many different people, never the author. */
  reviewers: atLeastOne.default(1),
  /** Most findings that may still be open; a report that does not say is stale then. */
  openAtMost: z.strictObject({ critical: count, high: count.optional(), medium: count.optional() }).optional(),
});

const artifacts = z.strictObject({
  kind: z.literal("artifacts"),
  ...evidenceHead,
  /** Each must be there: an exact name, or one with "*" for any characters but "/", and "{commit}" for the release's. */
  names: z.array(text).min(1).readonly(),
  /** Each must carry a signature that was verified. */
  signed: z.literal(true).optional(),
});

const sbom = z.strictObject({
  kind: z.literal("sbom"),
  ...evidenceHead,
  /** A list with fewer components than this is none. */
  atLeast: atLeastOne.default(1),
});

const provenance = z.strictObject({
  kind: z.literal("provenance"),
  ...evidenceHead,
  /** URIs of builders that are trusted. */
  builders: z.array(text).min(1).readonly(),
  branch: text.optional(),
  /** A second build must have given the same digest. */
  reproduced: z.literal(true).optional(),
});

/** The release's commit is on the branch, as a pipeline or a provenance says. */
const branch = z.strictObject({ kind: z.literal("branch"), ...evidenceHead, branch: text });

const documents = z.strictObject({
  kind: z.literal("documents"),
  ...evidenceHead,
  /** Names from the plan's `documents`. */
  names,
  /** Sections that each must have. */
  sections: z.array(text).readonly().default([]),
});

const runbooks = z.strictObject({
  kind: z.literal("runbooks"),
  ...evidenceHead,
  /** Names from the plan's `runbooks`. */
  names,
  /** Sections that each must have. */
  sections: z.array(text).readonly().default([]),
  /** Triggers whose alerts they must be for: each is named by one of them, and none names an alert that is not here. */
  alerts: names.readonly().optional(),
});

/** An item of a checklist that somebody must have done and signed for. */
const check = z.strictObject({ kind: z.literal("check"), ...evidenceHead, check: name });

/** What the release changes, file by file, against the baseline. */
const changes = z.strictObject({
  kind: z.literal("changes"),
  ...evidenceHead,
  /** Paths of which none may be touched; "*" within a folder, "**" across folders. */
  none: z.array(text).min(1).readonly(),
  /** Declared exceptions. */
  except: z.array(text).readonly().default([]),
});

const drill = z.strictObject({
  kind: z.literal("drill"),
  ...evidenceHead,
  /** "rollback", "restore". */
  drill: name,
  /** It must have taken less than this. */
  within: duration.optional(),
  /** It must have lasted at least this long: "24 hours of load". */
  lasting: duration.optional(),
  /** Restored data must have been verified. */
  integrity: z.literal("verified").optional(),
});

const cost = z.strictObject({
  kind: z.literal("cost"),
  ...evidenceHead,
  /** The estimate for a month, both ends included. */
  monthly: z.strictObject({ min: money, max: money }),
});

const onCall = z.strictObject({
  kind: z.literal("on-call"),
  ...evidenceHead,
  /** Levels that must be filled without a gap, each by another person. */
  levels: z
    .array(z.enum(["primary", "secondary"]))
    .min(1, "at least one level")
    .readonly(),
  /** From now on for this long. */
  for: duration,
});

const freeze = z.strictObject({
  kind: z.literal("freeze"),
  ...evidenceHead,
  branch: text,
  /** Since at least this long nothing but emergency fixes was merged. */
  before: duration,
});

const backup = z.strictObject({
  kind: z.literal("backup"),
  ...evidenceHead,
  scope: name,
  trigger: z.enum(["manual", "scheduled", "any"]),
  integrity: z.literal("verified"),
});

const pipelines = z.strictObject({
  kind: z.literal("pipelines"),
  ...evidenceHead,
  branch: text,
  /** Pipelines that must be among them. */
  names: z.array(text).readonly().default([]),
  /** Each must have taken less than this. */
  within: duration.optional(),
});

/** Every kind that rests on evidence. */
export const EVIDENCE_CRITERIA = [
  tests,
  coverage,
  vulnerabilities,
  measurement,
  survey,
  review,
  artifacts,
  sbom,
  provenance,
  branch,
  documents,
  runbooks,
  check,
  changes,
  drill,
  cost,
  onCall,
  freeze,
  backup,
  pipelines,
  workflow,
] as const;
